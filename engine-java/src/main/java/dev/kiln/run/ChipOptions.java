package dev.kiln.run;

import dev.kiln.chip.LocationOrder;
import dev.kiln.chip.RadiometricOffset;

/**
 * What is embedded of a scene. All of these change the output and stand in its footer.
 *
 * @param chip chip edge in pixels
 * @param locationOrder which coordinate the model is given first
 * @param maxCloud chips with a larger cloud share are left out
 * @param maxNodata chips with a larger nodata share are left out
 * @param radiometricOffset whether stored values are shifted
 */
public record ChipOptions(
    int chip,
    LocationOrder locationOrder,
    double maxCloud,
    double maxNodata,
    RadiometricOffset radiometricOffset) {}

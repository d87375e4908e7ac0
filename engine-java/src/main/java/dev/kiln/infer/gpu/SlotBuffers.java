package dev.kiln.infer.gpu;

import dev.kiln.cuda.DeviceBuffer;

/**
 * Device memory of one slot, which a {@link DeviceForwardPass} reads and writes. Rows beyond the
 * size of the batch are undefined.
 *
 * @param capacity maximum number of chips
 * @param patches {@code [capacity, L, C·64]} in the {@link DeviceForwardPass#patchType}
 * @param time float32 {@code [capacity, 4]}: sin week, cos week, sin hour, cos hour
 * @param latlon float32 {@code [capacity, 4]}: sin lat, cos lat, sin lon, cos lon
 * @param gsd float32 {@code [1]}, metres per pixel
 * @param embedding float32 {@code [capacity, dim]}, the output; with more vectors of a chip ({@link
 *     dev.kiln.infer.VectorLayout}) dim is the length of all
 */
public record SlotBuffers(
    int capacity,
    DeviceBuffer patches,
    DeviceBuffer time,
    DeviceBuffer latlon,
    DeviceBuffer gsd,
    DeviceBuffer embedding) {}

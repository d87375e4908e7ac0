package dev.kiln.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.locationtech.jts.geom.Coordinate;
import org.locationtech.jts.geom.Envelope;
import org.locationtech.proj4j.CRSFactory;
import org.locationtech.proj4j.ProjCoordinate;
import org.locationtech.proj4j.proj.Projection;

class MgrsSquareTest {
  private static final String BANDS = "CDEFGHJKLMNPQRSTUVWX";

  @ParameterizedTest
  @CsvSource({
    "20HNJ, 20, false, 500000, 6300000",
    "33UUP, 33, true, 300000, 5300000",
    "11SMS, 11, true, 400000, 3600000",
    "48XVH, 48, true, 400000, 8200000",
    "1CCV, 1, false, 300000, 1900000",
    "33XVG, 33, true, 400000, 8600000",
    "4QFJ, 4, true, 600000, 2300000",
    "31UDQ, 31, true, 400000, 5400000",
    "18SUJ, 18, true, 300000, 4300000",
    "31NAA, 31, true, 100000, 0",
    "31MAV, 31, false, 100000, 9900000"
  })
  void parsesTheSquare(String name, int zone, boolean north, int easting, int northing) {
    assertThat(MgrsSquare.parse(name))
        .isEqualTo(new MgrsSquare(name, zone, north, easting, northing));
  }

  @ParameterizedTest
  @ValueSource(strings = {"1CCV", "01CCV", "T01CCV", " t1ccv "})
  void parsesVariantsOfAName(String name) {
    assertThat(MgrsSquare.parse(name).name()).isEqualTo("1CCV");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "20H", "20HN", "0HNJ", "61HNJ", "20INJ", "20ANJ", "20HIJ", "20HNW", "20HAJ"})
  void rejectsOtherNames(String name) {
    assertThatThrownBy(() -> MgrsSquare.parse(name))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'" + name + "'");
  }

  /**
   * Names every square of an even and an odd zone in each latitude band that it intersects, and
   * parses the names.
   */
  @Test
  void parsesEverySquareInEachBandThatItIntersects() {
    String[] columns = {"ABCDEFGH", "JKLMNPQR"};
    int seen = 0;
    for (int zone : new int[] {31, 32}) {
      for (boolean north : new boolean[] {true, false}) {
        Projection utm = utm(zone, north);
        for (int northing = north ? 0 : 1_100_000;
            northing < (north ? 9_300_000 : 10_000_000);
            northing += 100_000) {
          for (int easting = 100_000; easting <= 800_000; easting += 100_000) {
            int row = (northing / 100_000 + (zone % 2 == 0 ? 5 : 0)) % 20;
            String square =
                ""
                    + columns[zone - 31].charAt(easting / 100_000 - 1)
                    + "ABCDEFGHJKLMNPQRSTUV".charAt(row);
            double south = latitude(utm, easting, northing);
            double top = latitude(utm, easting, northing + 100_000);
            for (char band : new char[] {band(south), band(top)}) {
              if (band >= 'N' == north) {
                MgrsSquare read = MgrsSquare.parse(zone + String.valueOf(band) + square);
                assertThat(read.northing()).as(read.name()).isEqualTo(northing);
                assertThat(read.easting()).isEqualTo(easting);
                seen++;
              }
            }
          }
        }
      }
    }
    assertThat(seen).isGreaterThan(5000);
  }

  private static Projection utm(int zone, boolean north) {
    return new CRSFactory()
        .createFromParameters("utm", "+proj=utm +zone=" + zone + (north ? "" : " +south"))
        .getProjection();
  }

  private static double latitude(Projection utm, double easting, double northing) {
    return utm.inverseProject(new ProjCoordinate(easting, northing), new ProjCoordinate()).y;
  }

  private static char band(double latitude) {
    int index = (int) Math.floor((latitude + 80) / 8);
    return BANDS.charAt(Math.max(0, Math.min(index, BANDS.length() - 1)));
  }

  /** Compares corners with those of PROJ 9.1 for EPSG:32633 and EPSG:32720. */
  @Test
  void outlineIncludesTheOverlap() {
    assertCorners(
        "33UUP",
        new double[] {12.332457670274, 47.734155601875},
        new double[] {13.772994464218, 48.746480444253});
    assertCorners(
        "20HNJ",
        new double[] {-63.000215387547, -33.527607104118},
        new double[] {-61.830995069738, -32.531741376157});
  }

  private static void assertCorners(String name, double[] southWest, double[] northEast) {
    Coordinate[] ring = MgrsSquare.parse(name).tile().getCoordinates();
    assertThat(ring).hasSize(41);
    assertThat(ring[0].x).isCloseTo(southWest[0], within(1e-9));
    assertThat(ring[0].y).isCloseTo(southWest[1], within(1e-9));
    assertThat(ring[20].x).isCloseTo(northEast[0], within(1e-9));
    assertThat(ring[20].y).isCloseTo(northEast[1], within(1e-9));
  }

  @Test
  void longitudesContinueBeyondTheAntimeridian() {
    Envelope west = MgrsSquare.parse("1WCV").tile().getEnvelopeInternal();
    Envelope east = MgrsSquare.parse("60WXV").tile().getEnvelopeInternal();

    assertThat(west.getMinX()).isLessThan(-180);
    assertThat(west.getWidth()).isLessThan(7);
    assertThat(east.getMaxX()).isGreaterThan(180).isLessThan(182);
    assertThat(east.getWidth()).isLessThan(7);
  }

  @Test
  void outlineIsValidNearThePoles() {
    assertThat(MgrsSquare.parse("33XWK").tile().isValid()).isTrue();
    assertThat(MgrsSquare.parse("1CDJ").tile().isValid()).isTrue();
  }
}

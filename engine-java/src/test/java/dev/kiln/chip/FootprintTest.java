package dev.kiln.chip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.locationtech.jts.algorithm.Orientation;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.geom.Polygon;
import org.locationtech.jts.io.ParseException;
import org.locationtech.jts.io.WKBReader;

class FootprintTest {
  private static final double[] NORTH_TO_SOUTH = {11, 11, 10, 10};

  private static Footprint between(double west, double east) {
    return new Footprint(new double[] {east, west, west, east}, NORTH_TO_SOUTH);
  }

  @Test
  void keepsCornersInCounterClockwiseOrder() throws ParseException {
    Footprint footprint = between(30, 31);

    assertThat(footprint.geometry().toText())
        .isEqualTo("POLYGON ((31 11, 30 11, 30 10, 31 10, 31 11))");
    assertThat(footprint.centroid().toText()).isEqualTo("POINT (30.5 10.5)");
    assertThat(new WKBReader().read(footprint.wkb()).equalsExact(footprint.geometry())).isTrue();
    assertThat(footprint.wkb()[0]).as("little-endian").isEqualTo((byte) 1);
  }

  @Test
  void reversesClockwiseCorners() {
    Footprint footprint =
        new Footprint(new double[] {31, 30, 30, 31}, new double[] {10, 10, 11, 11});

    assertThat(footprint.geometry().toText())
        .isEqualTo("POLYGON ((31 10, 31 11, 30 11, 30 10, 31 10))");
  }

  @Test
  void splitsAtTheAntimeridian() throws ParseException {
    Footprint footprint = between(179.5, -179);

    Geometry geometry = footprint.geometry();
    assertThat(geometry.getGeometryType()).isEqualTo("MultiPolygon");
    assertThat(geometry.getNumGeometries()).isEqualTo(2);
    assertThat(geometry.isValid()).isTrue();
    assertThat(geometry.getArea()).isCloseTo(1.5, within(1e-12));
    assertThat(geometry.getEnvelopeInternal().getMinX()).isEqualTo(-180);
    assertThat(geometry.getEnvelopeInternal().getMaxX()).isEqualTo(180);
    assertCounterClockwise(geometry);
    assertThat(new WKBReader().read(footprint.wkb()).equalsExact(geometry)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void centroidOfAChipAcrossTheAntimeridianIsInsideIt(boolean mostlyEast) {
    Footprint footprint = mostlyEast ? between(179.5, -179) : between(179, -179.5);

    assertThat(footprint.centroid().getX()).isCloseTo(mostlyEast ? -179.75 : 179.75, within(1e-9));
    assertThat(footprint.centroid().getY()).isCloseTo(10.5, within(1e-9));
    // The encoding is continuous at the antimeridian.
    assertThat(LocationOrder.TRAINED.encode(10.5, footprint.centroid().getX())[3])
        .isCloseTo((float) Math.cos(Math.toRadians(179.75)), within(1e-6f));
  }

  @Test
  void doesNotSplitAChipThatTouchesTheAntimeridian() {
    // PROJ can return either sign for this meridian.
    assertThat(between(179, -180).geometry().toText())
        .isEqualTo("POLYGON ((180 11, 179 11, 179 10, 180 10, 180 11))");
    assertThat(between(180, -179).geometry().norm().toText())
        .isEqualTo(between(-180, -179).geometry().norm().toText());
    assertThat(between(-180, -179).geometry().getGeometryType()).isEqualTo("Polygon");
  }

  @ParameterizedTest
  @ValueSource(doubles = {80, -80})
  void aChipThatContainsAPoleBecomesABandOfLatitudes(double latitude) {
    double[] lon =
        latitude > 0 ? new double[] {45, 135, -135, -45} : new double[] {135, 45, -45, -135};
    Footprint footprint = new Footprint(lon, new double[] {latitude, latitude, latitude, latitude});

    Geometry geometry = footprint.geometry();
    assertThat(geometry.isValid()).isTrue();
    assertThat(geometry.getArea()).isCloseTo(360 * 10, within(1e-6));
    assertThat(geometry.getEnvelopeInternal().getMinX()).isEqualTo(-180);
    assertThat(geometry.getEnvelopeInternal().getMaxX()).isEqualTo(180);
    assertThat(footprint.centroid().getY()).isCloseTo(Math.signum(latitude) * 85, within(1e-9));
    assertThat(footprint.centroid().getX()).isBetween(-180.0, 180.0);
    assertCounterClockwise(geometry);
  }

  @Test
  void aChipBesideAPoleDoesNotBecomeABand() {
    Footprint footprint =
        new Footprint(new double[] {-170, 170, 100, -100}, new double[] {85, 85, 88, 88});

    assertThat(footprint.geometry().isValid()).isTrue();
    assertThat(footprint.geometry().getEnvelopeInternal().getMaxY()).isEqualTo(88);
    assertCounterClockwise(footprint.geometry());
  }

  @Test
  void rejectsOtherNumbersOfCorners() {
    assertThatThrownBy(() -> new Footprint(new double[3], new double[3]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected 4 corners, found 3");
  }

  private static void assertCounterClockwise(Geometry geometry) {
    for (int i = 0; i < geometry.getNumGeometries(); i++) {
      assertThat(
              Orientation.isCCW(
                  ((Polygon) geometry.getGeometryN(i)).getExteriorRing().getCoordinateSequence()))
          .isTrue();
    }
  }
}

package dev.kiln.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.error.ExitCode;
import dev.kiln.sink.EmbeddingFile;
import dev.kiln.testing.FakeEncoder;
import dev.kiln.testing.GeoTiffs;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.locationtech.jts.algorithm.Orientation;
import org.locationtech.jts.geom.Envelope;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.geom.Polygon;
import org.locationtech.jts.io.WKBReader;

/** Scenes at the antimeridian, around a pole and at the edge of a world map. */
@Timeout(60)
class WorldEdgesTest {
  @TempDir Path directory;

  private List<Geometry> embed(GeoTiffs file) throws Exception {
    TestRun test = new TestRun(directory);
    test.scene(TestRun.key(1, "100cm"), file);
    try (FakeEncoder encoder = new FakeEncoder(test.platform, 256, 4)) {
      RunReport report = test.embed(encoder);
      assertThat(report.exitCode()).as(report.summary()).isEqualTo(ExitCode.DONE);
    }
    EmbeddingFile written = EmbeddingFile.open(test.file(test.keys.get(0)));
    List<Geometry> footprints = new ArrayList<>();
    for (Object wkb : written.values("geometry")) {
      Geometry footprint = new WKBReader().read((byte[]) wkb);
      assertThat(footprint.isValid()).as(footprint.toText()).isTrue();
      assertThat(new Envelope(-180, 180, -90, 90).contains(footprint.getEnvelopeInternal()))
          .as(footprint.toText())
          .isTrue();
      for (int i = 0; i < footprint.getNumGeometries(); i++) {
        assertThat(
                Orientation.isCCW(
                    ((Polygon) footprint.getGeometryN(i))
                        .getExteriorRing()
                        .getCoordinateSequence()))
            .isTrue();
      }
      footprints.add(footprint);
    }
    return footprints;
  }

  @ParameterizedTest
  @CsvSource({
    "32601, 162500, 5200", // the west of the first zone, near the equator
    "32660, 830000, 5200", // the east of the last
    "32601, 393000, 8000000", // far in the north
    "32760, 598500, 2000000" // and in the south
  })
  void sceneAcrossTheAntimeridian(int epsg, double easting, double northing) throws Exception {
    // 4 × 2 chips of 2,560 m; the antimeridian runs through the scene.
    List<Geometry> footprints =
        embed(
            GeoTiffs.naip()
                .size(1030, 520)
                .epsg(epsg)
                .geotransform(easting, 10, 0, northing, 0, -10));

    assertThat(footprints).hasSize(8);
    assertThat(footprints)
        .anySatisfy(f -> assertThat(f.getGeometryType()).isEqualTo("MultiPolygon"))
        .anySatisfy(f -> assertThat(f.getEnvelopeInternal().getMaxX()).isLessThan(-179))
        .anySatisfy(f -> assertThat(f.getEnvelopeInternal().getMinX()).isGreaterThan(179));
    for (Geometry footprint : footprints) {
      double metres = 2560 * 2560;
      double degree = 111_320;
      double latitude = footprint.getEnvelopeInternal().centre().y;
      assertThat(footprint.getArea())
          .isCloseTo(
              metres / (degree * degree * Math.cos(Math.toRadians(latitude))),
              within(footprint.getArea() * 0.03));
    }
  }

  @ParameterizedTest
  @CsvSource({"3413, 1", "3031, -1"})
  void sceneAroundAPole(int epsg, int side) throws Exception {
    // 3 × 3 chips of 256 km with the pole inside the middle one.
    List<Geometry> footprints =
        embed(
            GeoTiffs.naip()
                .size(768, 768)
                .epsg(epsg)
                .geotransform(-380_000, 1000, 0, 390_000, 0, -1000));

    assertThat(footprints).hasSize(9);
    Geometry middle = footprints.get(4);
    assertThat(middle.getEnvelopeInternal().getMinX()).isEqualTo(-180);
    assertThat(middle.getEnvelopeInternal().getMaxX()).isEqualTo(180);
    assertThat(
            side > 0
                ? middle.getEnvelopeInternal().getMaxY()
                : -middle.getEnvelopeInternal().getMinY())
        .isEqualTo(90);
    double area = footprints.stream().mapToDouble(Geometry::getArea).sum();
    Geometry all = footprints.get(0);
    for (Geometry footprint : footprints) {
      all = all.union(footprint);
    }
    // Corners are connected by lines in longitude and latitude, so neighbours share their edge
    // without gap or overlap.
    assertThat(all.getArea()).isCloseTo(area, within(area * 1e-9));
    assertThat(footprints)
        .allSatisfy(f -> assertThat(side * f.getCentroid().getY()).isGreaterThan(84));
  }

  @Test
  void chipsBeyondTheEdgeOfTheMapAreOmitted() throws Exception {
    // The north-east corner of the sinusoidal map of MODIS: the pole is in the middle of its upper
    // edge, and rows above it do not exist.
    List<Geometry> footprints =
        embed(
            GeoTiffs.naip()
                .size(512, 768)
                .projection("+proj=sinu +lon_0=0 +R=6371007.181 +units=m +no_defs")
                .geotransform(0, 500, 0, 10_007_554 + 256 * 500, 0, -500));

    assertThat(footprints).isNotEmpty().hasSizeLessThan(6);
  }
}

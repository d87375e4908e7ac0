package dev.kiln.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.ConfigurationException;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.locationtech.jts.geom.Coordinate;
import org.locationtech.jts.geom.Envelope;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.geom.GeometryFactory;
import tools.jackson.databind.JsonNode;

class AreaOfInterestTest {
  private static final GeometryFactory FACTORY = new GeometryFactory();
  private static final String SQUARE = "[[[0,0],[10,0],[10,10],[0,10],[0,0]]]";
  private static final String FAR = "[[[50,50],[60,50],[60,60],[50,60],[50,50]]]";
  private static final String HOLED =
      "[[[0,0],[10,0],[10,10],[0,10],[0,0]],[[2,2],[2,8],[8,8],[8,2],[2,2]]]";

  private static AreaOfInterest read(String json) throws IOException {
    return AreaOfInterest.read(new MemoryObjects().put("a.geojson", json), "--aoi", "a.geojson");
  }

  private static String polygon(String coordinates) {
    return "{\"type\":\"Polygon\",\"coordinates\":" + coordinates + "}";
  }

  private static Geometry box(double west, double south, double east, double north) {
    return FACTORY.toGeometry(new Envelope(west, east, south, north));
  }

  @Test
  void readsAllGeometryTypesOfPolygons() throws IOException {
    String feature = "{\"type\":\"Feature\",\"properties\":{},\"geometry\":" + polygon(FAR) + "}";
    for (String json :
        new String[] {
          "{\"type\":\"MultiPolygon\",\"coordinates\":[" + SQUARE + "," + FAR + "]}",
          "{\"type\":\"FeatureCollection\",\"features\":["
              + feature
              + ",{\"type\":\"Feature\",\"geometry\":null},{\"type\":\"Feature\",\"geometry\":"
              + polygon(SQUARE)
              + "}]}",
          "{\"type\":\"GeometryCollection\",\"geometries\":["
              + polygon(SQUARE)
              + ","
              + polygon(FAR)
              + "]}"
        }) {
      AreaOfInterest area = read(json);
      assertThat(area.intersects(box(9, 9, 11, 11))).isTrue();
      assertThat(area.intersects(box(51, 51, 52, 52))).isTrue();
      assertThat(area.intersects(box(11, 11, 49, 49))).isFalse();
      assertThat(area.toGeoJson().path("type").asString()).isEqualTo("MultiPolygon");
      assertThat(area.toGeoJson().path("coordinates").size()).isEqualTo(2);
    }
  }

  @Test
  void holesAreExcluded() throws IOException {
    AreaOfInterest area = read(polygon(HOLED));

    assertThat(area.intersects(box(3, 3, 7, 7))).isFalse();
    assertThat(area.intersects(box(3, 3, 9, 9))).isTrue();
  }

  @Test
  void writesOuterRingsCounterclockwiseAndHolesClockwise() throws IOException {
    JsonNode json = read(polygon("[[[0,0],[0,10],[10,10],[10,0],[0,0]]]")).toGeoJson();
    assertThat(json.path("type").asString()).isEqualTo("Polygon");
    assertThat(signedArea(json.path("coordinates").path(0))).isEqualTo(100);

    JsonNode holed = read(polygon(HOLED)).toGeoJson();
    assertThat(signedArea(holed.path("coordinates").path(0))).isEqualTo(100);
    assertThat(signedArea(holed.path("coordinates").path(1))).isEqualTo(-36);
  }

  private static double signedArea(JsonNode ring) {
    double twice = 0;
    for (int i = 0; i + 1 < ring.size(); i++) {
      Coordinate a =
          new Coordinate(ring.path(i).path(0).asDouble(), ring.path(i).path(1).asDouble());
      JsonNode next = ring.path(i + 1);
      twice += a.x * next.path(1).asDouble() - next.path(0).asDouble() * a.y;
    }
    return twice / 2;
  }

  @Test
  void intersectsTilesOnBothSidesOfTheAntimeridianInBothForms() throws IOException {
    Geometry west = MgrsSquare.parse("1WCV").tile();
    Geometry east = MgrsSquare.parse("60WXV").tile();
    Geometry away = MgrsSquare.parse("33UUP").tile();
    for (String coordinates :
        new String[] {
          "[[[179,65],[182,65],[182,72],[179,72],[179,65]]]",
          "[[[-181,65],[-178,65],[-178,72],[-181,72],[-181,65]]]"
        }) {
      AreaOfInterest area = read(polygon(coordinates));
      assertThat(area.intersects(west)).isTrue();
      assertThat(area.intersects(east)).isTrue();
      assertThat(area.intersects(away)).isFalse();
    }
    AreaOfInterest cut =
        read(
            "{\"type\":\"MultiPolygon\",\"coordinates\":["
                + "[[[179,65],[180,65],[180,72],[179,72],[179,65]]],"
                + "[[[-180,65],[-178,65],[-178,72],[-180,72],[-180,65]]]]}");
    assertThat(cut.intersects(west)).isTrue();
    assertThat(cut.intersects(east)).isTrue();
    assertThat(cut.intersects(away)).isFalse();
  }

  @Test
  void wholeWorldIntersectsEverything() throws IOException {
    AreaOfInterest world = read(polygon("[[[-180,-90],[180,-90],[180,90],[-180,90],[-180,-90]]]"));

    assertThat(world.intersects(MgrsSquare.parse("1WCV").tile())).isTrue();
    assertThat(world.intersects(MgrsSquare.parse("1CDJ").tile())).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{                                                                  | not JSON",
        "[]                                                                 | found type ''",
        "{\"type\":\"Point\",\"coordinates\":[1,2]}                         | found type 'Point'",
        "{\"type\":\"FeatureCollection\",\"features\":[]}                   | found none",
        "{\"type\":\"Polygon\",\"coordinates\":[]}                          | expected a polygon"
            + " with coordinates",
        "{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[1,1]]]}             | needs 4 points",
        "{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[1,0],[1,1],[0,1]]]} | last equal",
        "{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[1,1],[1,0],[0,1],[0,0]]]} | invalid"
            + " polygon",
        "{\"type\":\"Polygon\",\"coordinates\":[[[\"0\",0]]]}               | expected [lon, lat]",
        "{\"type\":\"Polygon\",\"coordinates\":[[[5e5,6e6],[6e5,6e6],[6e5,7e6],[5e5,6e6]]]}"
            + " | reproject"
      })
  void rejectsOtherContent(String json, String message) {
    assertThatThrownBy(() -> read(json))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith("--aoi a.geojson: ")
        .hasMessageContaining(message);
  }

  @Test
  void reportsAMissingFile() {
    assertThatThrownBy(() -> AreaOfInterest.read(new MemoryObjects(), "--aoi", "b.geojson"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("--aoi b.geojson: file not found");
  }
}

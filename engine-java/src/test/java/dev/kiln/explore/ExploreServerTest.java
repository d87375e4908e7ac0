package dev.kiln.explore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.ConfigurationException;
import dev.kiln.explore.TestExplorer.Reply;
import dev.kiln.testing.ChipFiles;
import dev.kiln.testing.ChipFiles.Grid;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class ExploreServerTest {
  private static TestExplorer explorer;

  @TempDir static Path directory;

  /**
   * Sixteen chips of NAIP in two classes, one later and cloudy chip of Sentinel-2 over the first of
   * them, and two chips at the antimeridian.
   */
  @BeforeAll
  static void start() throws Exception {
    float[][] classes = new float[16][];
    for (int i = 0; i < 16; i++) {
      classes[i] = i % 4 < 2 ? new float[] {1, 0.01f * i, 0} : new float[] {0, 1, 0.01f * i};
    }
    ChipFiles.write(directory, new Grid("a", "2020-01-01", 10, 0.4, 0.1, 4), classes);
    ChipFiles.write(
        directory,
        new Grid("b", "2021-06-01", 10, 0.4, 0.1, 1, "sentinel-2-l2a", 0.5f),
        new float[] {1, 0, 0.5f});
    ChipFiles.write(
        directory,
        new Grid("c", "2020-02-01", 179.95, 0.1, 0.1, 2),
        new float[] {0, 0, 1},
        new float[] {0, 0.1f, 1});
    explorer = new TestExplorer(directory, null, "127.0.0.1");
  }

  @AfterAll
  static void stop() {
    explorer.close();
  }

  // ---- The page and its protection

  @Test
  void servesThePageAndEveryFileThatItNames() throws IOException {
    Reply page = explorer.get("/");

    assertThat(page.status()).isEqualTo(200);
    assertThat(page.headers().get("content-type")).startsWith("text/html");
    Matcher names = Pattern.compile("(?:href|src)=\"([a-z/.]+)\"").matcher(page.text());
    List<String> files = new ArrayList<>();
    while (names.find()) {
      files.add("/" + names.group(1));
    }
    for (String module : new String[] {"api", "chips", "map", "panel"}) {
      files.add("/js/" + module + ".js");
    }
    files.add("/lib/leaflet.js");
    assertThat(files).contains("/style.css", "/js/app.js", "/lib/leaflet.css", "/icon.svg");
    for (String file : files) {
      assertThat(explorer.get(file).status()).as(file).isEqualTo(200);
    }
  }

  @Test
  void thePolicyAllowsNoInlineScriptAndNoOtherServer() throws IOException {
    for (String path : new String[] {"/", "/api/dataset", "/missing"}) {
      Reply reply = explorer.get(path);

      assertThat(reply.headers().get("content-security-policy"))
          .contains("default-src 'none'", "script-src 'self'", "connect-src 'self'")
          .contains("frame-ancestors 'none'")
          .doesNotContain("unsafe", "http");
      assertThat(reply.headers())
          .containsEntry("x-content-type-options", "nosniff")
          .containsEntry("cross-origin-resource-policy", "same-origin")
          .containsEntry("referrer-policy", "no-referrer");
    }
    assertThat(explorer.get("/").text()).doesNotContain("<script>", "onclick", "style=");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/../../../../etc/passwd",
        "/js/../../../../../etc/passwd",
        "/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "/js/%2e%2e/style.css",
        "/js/..%2fstyle.css",
        "/js/..\\style.css",
        "//etc/passwd",
        "/etc/passwd",
        "/lib/leaflet.js/../../../META-INF/MANIFEST.MF",
        "/META-INF/MANIFEST.MF",
        "/dev/kiln/explore/ExploreServer.class",
        "/js/app.js%00",
        "/js/app.js/",
        "/api/chips/0/0/../0",
        "/api/chips/0/0/0/../../../../etc/passwd",
        "/api/picture/../dataset",
        "/api/chip/99999999999999999999",
        "file:///etc/passwd"
      })
  void noPathLeadsToAnotherFile(String path) throws IOException {
    Reply reply = explorer.get(path);

    assertThat(reply.status()).isBetween(400, 499);
    assertThat(reply.text()).doesNotContain("root:", "Manifest-Version");
  }

  @Test
  void respondsOnlyUnderNamesOfThisMachine() throws IOException {
    int port = explorer.port();
    for (String host : new String[] {"127.0.0.1", "localhost", "LOCALHOST", "[::1]"}) {
      assertThat(explorer.get("/", "Host: " + host + ":" + port).status()).as(host).isEqualTo(200);
    }
    for (String host :
        new String[] {
          "evil.example:" + port,
          "127.0.0.1.evil.example:" + port,
          "localhost.evil.example:" + port,
          "192.168.0.7:" + port,
          "localhost",
          "localhost:1",
          ""
        }) {
      assertThat(explorer.get("/", "Host: " + host).status()).as(host).isBetween(400, 421);
    }
    assertThat(explorer.get("/", "Host: localhost:" + port, "Host: evil.example").status())
        .isBetween(400, 421);
  }

  @Test
  void acceptsOnlyGetHeadAndPost() throws IOException {
    for (String method : new String[] {"PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"}) {
      assertThat(explorer.send(method, "/", "").status()).as(method).isEqualTo(405);
    }
    assertThat(explorer.send("POST", "/", "").status()).isEqualTo(404);
    Reply head = explorer.send("HEAD", "/", "");
    assertThat(head.status()).isEqualTo(200);
    assertThat(head.body()).isEmpty();
  }

  @Test
  void refusesRequestsOfOtherWebSites() throws IOException {
    String own = "http://127.0.0.1:" + explorer.port();
    String json = "Content-Type: application/json";

    assertThat(explorer.get("/api/dataset", "Origin: " + own).status()).isEqualTo(200);
    assertThat(explorer.get("/api/dataset", "Sec-Fetch-Site: same-origin").status()).isEqualTo(200);
    assertThat(explorer.get("/api/dataset", "Sec-Fetch-Site: cross-site").status()).isEqualTo(403);
    assertThat(
            explorer
                .send(
                    "POST",
                    "/api/similar",
                    "{\"positives\":[0]}",
                    json,
                    "Origin: http://evil.example")
                .status())
        .isEqualTo(403);
    assertThat(explorer.get("/", "Origin: http://evil.example").headers())
        .doesNotContainKey("access-control-allow-origin");
  }

  @Test
  void elsewhereThanOnLoopbackATokenIsNeeded() throws Exception {
    try (TestExplorer open = new TestExplorer(directory, null, "0.0.0.0")) {
      Matcher token = Pattern.compile("\\?token=([0-9a-f]{32})$").matcher(open.url());
      assertThat(token.find()).isTrue();

      for (String path : new String[] {"/", "/js/app.js", "/api/dataset", "/api/chips/0/0/0"}) {
        Reply refused = open.get(path);
        assertThat(refused.status()).as(path).isEqualTo(403);
        assertThat(refused.text()).contains("token");
      }
      assertThat(open.get("/?token=" + "0".repeat(32)).status()).isEqualTo(403);
      assertThat(open.get("/?token=").status()).isEqualTo(403);
      assertThat(open.get("/", "Cookie: kiln-explore-" + open.port() + "=").status())
          .isEqualTo(403);

      Reply welcome = open.get("/?token=" + token.group(1));
      assertThat(welcome.status()).isEqualTo(303);
      assertThat(welcome.headers()).containsEntry("location", "/");
      String cookie = welcome.headers().get("set-cookie");
      assertThat(cookie).contains("HttpOnly", "SameSite");
      String pair = "Cookie: other=1; " + cookie.substring(0, cookie.indexOf(';'));
      assertThat(open.get("/", pair).status()).isEqualTo(200);
      assertThat(open.get("/api/dataset", pair).status()).isEqualTo(200);
      assertThat(open.get("/", pair, "Host: evil.example:" + open.port()).status()).isEqualTo(421);
    }
  }

  @Test
  void onLoopbackTheUrlHasNoToken() {
    assertThat(explorer.url()).isEqualTo("http://127.0.0.1:" + explorer.port() + "/");
  }

  @Test
  void aPortThatIsTakenIsNamedWithTheOptionToChange() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      assertThatThrownBy(() -> ExploreServer.start("127.0.0.1", taken.getLocalPort(), null))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining(Integer.toString(taken.getLocalPort()))
          .hasMessageContaining("--port");
    }
    assertThatThrownBy(() -> ExploreServer.start("no.such.host.invalid", 0, null))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("--host");
  }

  // ---- What the page asks for

  @Test
  void describesTheDataset() throws IOException {
    JsonNode dataset = explorer.get("/api/dataset").json();

    assertThat(dataset.path("chips").asInt()).isEqualTo(19);
    assertThat(dataset.path("dimensions").asInt()).isEqualTo(3);
    assertThat(dataset.path("platforms").toString()).isEqualTo("[\"naip\",\"sentinel-2-l2a\"]");
    assertThat(dataset.path("from").asString()).isEqualTo("2020-01-01");
    assertThat(dataset.path("to").asString()).isEqualTo("2021-06-01");
    assertThat(dataset.path("clouds").asBoolean()).isTrue();
    assertThat(dataset.path("pictures").asBoolean()).isFalse();
    assertThat(dataset.path("areas")).hasSize(2);
    JsonNode antimeridian = dataset.path("areas").path(1);
    assertThat(antimeridian.path("east").asDouble() - antimeridian.path("west").asDouble())
        .isBetween(0.19, 0.21);
  }

  private static List<Integer> chipsOf(Reply tile) {
    ByteBuffer bytes = ByteBuffer.wrap(tile.body()).order(ByteOrder.LITTLE_ENDIAN);
    assertThat(bytes.getInt()).isZero();
    List<Integer> chips = new ArrayList<>();
    for (int left = bytes.getInt(); left > 0; left--) {
      chips.add(bytes.getInt());
      bytes.position(bytes.position() + 3);
      int vertices = bytes.get();
      assertThat(vertices).isBetween(3, 8);
      bytes.position(bytes.position() + 8 * vertices);
    }
    assertThat(bytes.remaining()).isZero();
    return chips;
  }

  @Test
  void aTileContainsTheOutlinesOfItsChipsOldestFirst() throws IOException {
    List<Integer> world = chipsOf(explorer.get("/api/chips/0/0/0"));
    // One of the two chips at the antimeridian is split, so it is there twice.
    assertThat(world).hasSize(20);
    assertThat(world.get(world.size() - 1)).isEqualTo(16);
    // East of Greenwich, north of the equator, at zoom 2: 0 to 90 degrees.
    assertThat(chipsOf(explorer.get("/api/chips/2/2/1"))).hasSize(17);
    assertThat(chipsOf(explorer.get("/api/chips/2/0/1"))).containsExactly(17, 18);
    assertThat(explorer.get("/api/chips/2/4/1").status()).isEqualTo(404);
    assertThat(explorer.get("/api/chips/25/0/0").status()).isEqualTo(404);
  }

  @Test
  void aTileMeetsTheFilter() throws IOException {
    assertThat(chipsOf(explorer.get("/api/chips/0/0/0?platforms=sentinel-2-l2a")))
        .containsExactly(16);
    assertThat(chipsOf(explorer.get("/api/chips/0/0/0?from=2020-02-01&to=2020-02-01"))).hasSize(3);
    assertThat(chipsOf(explorer.get("/api/chips/0/0/0?cloud=0.2"))).doesNotContain(16);
    assertThat(explorer.get("/api/chips/0/0/0?from=yesterday").status()).isEqualTo(400);
    assertThat(explorer.get("/api/chips/0/0/0?cloud=2").status()).isEqualTo(400);
    assertThat(explorer.get("/api/chips/0/0/0?cloud=%zz").status()).isEqualTo(400);
  }

  @Test
  void findsTheChipsAtAPlaceLatestFirst() throws IOException {
    JsonNode chips = explorer.get("/api/at?lon=10.05&lat=0.35").json().path("chips");

    assertThat(chips).hasSize(2);
    assertThat(chips.path(0).path("platform").asString()).isEqualTo("sentinel-2-l2a");
    assertThat(chips.path(0).path("cloud").asDouble()).isEqualTo(0.5);
    assertThat(chips.path(1).path("chip_id").asString()).isEqualTo("a-0-0");
    assertThat(chips.path(1).path("datetime").asString()).isEqualTo("2020-01-01T12:00:00Z");
    assertThat(explorer.get("/api/at?lon=10.05&lat=0.35&platforms=naip").json().path("chips"))
        .hasSize(1);
    assertThat(explorer.get("/api/at?lon=50&lat=0.35").json().path("chips")).isEmpty();
    assertThat(explorer.get("/api/at?lon=NaN&lat=0.35").status()).isEqualTo(400);
  }

  @Test
  void findsAChipOnBothSidesOfTheAntimeridian() throws IOException {
    for (String lon : new String[] {"179.97", "-179.97", "180.03", "-180.03"}) {
      JsonNode chips = explorer.get("/api/at?lon=" + lon + "&lat=0.05").json().path("chips");
      assertThat(chips.path(0).path("chip_id").asString()).as(lon).isEqualTo("c-0-0");
      assertThat(chips.path(0).path("rings")).hasSize(2);
    }
  }

  private static List<String> similar(String query) throws IOException {
    Reply reply = explorer.post("/api/similar", query);
    assertThat(reply.status()).as(reply.text()).isEqualTo(200);
    List<String> ids = new ArrayList<>();
    reply.json().path("chips").forEach(chip -> ids.add(chip.path("chip_id").asString()));
    return ids;
  }

  @Test
  void findsChipsOfTheSameClassBestFirstWithoutTheExample() throws IOException {
    List<String> ids = similar("{\"positives\":[0],\"count\":7,\"platforms\":\"naip\"}");

    // The first components of rows differ by 0.01 per chip, so the nearest come first.
    assertThat(ids).containsExactly("a-1-0", "a-0-1", "a-1-1", "a-0-2", "a-1-2", "a-0-3", "a-1-3");
  }

  @Test
  void negativesAndFiltersChangeTheResult() throws IOException {
    assertThat(similar("{\"positives\":[0],\"count\":20}")).hasSize(18).contains("b-0-0");
    assertThat(similar("{\"positives\":[0,2],\"negatives\":[0],\"count\":3}"))
        .allMatch(id -> id.matches("a-[23]-\\d"));
    assertThat(similar("{\"positives\":[0],\"from\":\"2020-02-01\",\"to\":\"2020-12-31\"}"))
        .containsExactlyInAnyOrder("c-0-0", "c-1-0");
    assertThat(similar("{\"positives\":[16],\"cloud\":\"0.1\",\"count\":1}"))
        .doesNotContain("b-0-0");
  }

  @Test
  void refusesSearchesThatThePageWouldNotMake() throws IOException {
    assertThat(explorer.post("/api/similar", "{\"positives\":[]}").status()).isEqualTo(400);
    assertThat(explorer.post("/api/similar", "{\"positives\":[19]}").status()).isEqualTo(404);
    assertThat(explorer.post("/api/similar", "{\"positives\":[-1]}").status()).isEqualTo(404);
    assertThat(explorer.post("/api/similar", "{\"positives\":[\"0\"]}").status()).isEqualTo(400);
    assertThat(explorer.post("/api/similar", "{\"positives\":[0],\"count\":0}").status())
        .isEqualTo(400);
    assertThat(explorer.post("/api/similar", "{\"positives\":[0],\"count\":1000000}").status())
        .isEqualTo(400);
    assertThat(
            explorer.post("/api/similar", "{\"positives\":[" + "0,".repeat(200) + "0]}").status())
        .isEqualTo(400);
    assertThat(explorer.post("/api/similar", "[").status()).isEqualTo(400);
    assertThat(explorer.post("/api/similar", "\"" + "a".repeat((1 << 20) + 100) + "\"").status())
        .isEqualTo(413);
    assertThat(explorer.send("POST", "/api/similar", "positives=0").status()).isEqualTo(415);
    assertThat(explorer.get("/api/similar").status()).isEqualTo(404);
  }

  @Test
  void exportsGeoJson() throws IOException {
    Reply reply = explorer.post("/api/export", "{\"chips\":[3,17],\"similarities\":[0.5,0.25]}");

    assertThat(reply.headers().get("content-disposition")).contains("attachment", "chips.geojson");
    assertThat(reply.headers().get("content-type")).isEqualTo("application/geo+json");
    JsonNode features = reply.json().path("features");
    assertThat(features).hasSize(2);
    assertThat(features.path(0).path("id").asString()).isEqualTo("a-3-0");
    assertThat(features.path(0).path("geometry").path("type").asString()).isEqualTo("Polygon");
    JsonNode corner = features.path(0).path("geometry").path("coordinates").path(0).path(0);
    assertThat(corner.path(0).asDouble()).isBetween(10.29, 10.41);
    assertThat(features.path(0).path("properties").path("similarity").asDouble()).isEqualTo(0.5);
    assertThat(features.path(1).path("geometry").path("type").asString()).isEqualTo("MultiPolygon");
  }

  @Test
  void withoutTheArchiveThereAreNoPictures() throws IOException {
    assertThat(explorer.get("/api/picture/0").status()).isEqualTo(404);
    assertThat(explorer.get("/api/pictures/0/0/0").status()).isEqualTo(404);
  }

  @Test
  void aDatasetThatChangesIsReportedAndTheServerGoesOn(@TempDir Path changing) throws Exception {
    Path first =
        ChipFiles.write(changing, new Grid("a", "2020-01-01", 10, 0.1, 0.1, 1), new float[] {1, 0});
    ChipFiles.write(
        changing,
        new Grid("b", "2020-01-01", 11, 0.1, 0.1, 2),
        new float[] {1, 0.1f},
        new float[] {0, 1});
    try (TestExplorer open = new TestExplorer(changing, null, "127.0.0.1")) {
      // A file that is added later is ignored.
      ChipFiles.write(
          changing, new Grid("c", "2020-01-01", 12, 0.1, 0.1, 1), new float[] {1, 0.2f});
      assertThat(open.get("/api/dataset").json().path("chips").asInt()).isEqualTo(3);

      Files.delete(first);
      assertThat(open.post("/api/similar", "{\"positives\":[0]}").status()).isEqualTo(410);
      assertThat(open.post("/api/similar", "{\"positives\":[1]}").json().path("chips")).hasSize(1);
      Reply gone = open.get("/api/chip/0");
      assertThat(gone.status()).isEqualTo(404);
      assertThat(gone.json().path("error").asString()).isNotEmpty();
      assertThat(open.get("/api/chips/0/0/0").status()).isEqualTo(200);

      // Another file under the same name: its first row is another chip.
      ChipFiles.write(changing, new Grid("a", "2024-01-01", 20, 0.1, 0.1, 1), new float[] {0, 1});
      assertThat(open.post("/api/similar", "{\"positives\":[0]}").status()).isEqualTo(410);
      assertThat(open.post("/api/similar", "{\"positives\":[1]}").json().path("chips")).hasSize(1);
      assertThat(open.get("/api/chip/0").status()).isEqualTo(404);
    }
  }

  @Test
  void daysThatNoImageHasAreBadRequests() throws IOException {
    for (String day : new String[] {"%2B999999999-12-31", "-0001-01-01", "%2B12000-01-01"}) {
      Reply reply = explorer.get("/api/at?lon=10.05&lat=0.35&to=" + day);

      assertThat(reply.status()).as(day).isEqualTo(400);
      assertThat(reply.text()).contains("to: expected a day such as 2020-08-31");
    }
    assertThat(explorer.get("/api/at?lon=10.05&lat=0.35&to=9999-12-31").status()).isEqualTo(200);
  }

  @Test
  void numbersOfNoChipAreNotFound() throws IOException {
    for (String number :
        new String[] {"-1", "99", "4294967296", "123456789012345678901234567890"}) {
      Reply reply = explorer.post("/api/similar", "{\"positives\":[" + number + "]}");

      assertThat(reply.status()).as(number).isEqualTo(404);
    }
  }

  @Test
  void chipsOfAnUnknownPlatformCanBeSelected(@TempDir Path other) throws Exception {
    ChipFiles.write(other, new Grid("named", "2020-01-01", 10, 0.4, 0.1, 1), new float[] {1, 0});
    ChipFiles.write(
        other, new Grid("unnamed", "2020-01-01", 10.1, 0.4, 0.1, 1, "", 0), new float[] {0, 1});
    try (TestExplorer open = new TestExplorer(other, null, "127.0.0.1")) {
      for (String chosen : new String[] {",", ",naip", "naip", "-", ""}) {
        String body = "{\"positives\":[0],\"platforms\":\"%s\"}".formatted(chosen);
        int similar = open.post("/api/similar", body).json().path("chips").size();
        int named =
            open.get("/api/at?lon=10.05&lat=0.35&platforms=" + chosen).json().path("chips").size();
        int unnamed =
            open.get("/api/at?lon=10.15&lat=0.35&platforms=" + chosen).json().path("chips").size();

        boolean all = chosen.isEmpty();
        assertThat(named).as(chosen).isEqualTo(all || chosen.contains("naip") ? 1 : 0);
        assertThat(unnamed).as(chosen).isEqualTo(all || chosen.startsWith(",") ? 1 : 0);
        assertThat(similar).as(chosen).isEqualTo(unnamed);
      }
    }
  }
}

package dev.kiln.archive;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.archive.BestScenes.Period;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.json.JsonMapper;

/** Which scenes are chosen, and how few masks are read for it. */
class BestScenesTest {
  private final List<String> measured = new ArrayList<>();

  private static FoundScene candidate(String key, String day, String properties) {
    return FoundScene.of(
        key,
        JsonMapper.shared()
            .readTree(
                "{\"id\":\"%s\",\"assets\":{},\"properties\":{\"datetime\":\"%sT10:00:00Z\"%s}}"
                    .formatted(key, day, properties)));
  }

  private static FoundScene cloudy(String key, String day, double percent) {
    return candidate(key, day, ",\"eo:cloud_cover\":" + percent);
  }

  private List<String> choose(
      int number, Period period, List<FoundScene> candidates, Map<String, Double> cloud)
      throws InterruptedException {
    return new BestScenes(number, period)
            .choose(
                candidates,
                candidate -> {
                  measured.add(candidate.sceneKey());
                  return cloud.get(candidate.sceneKey());
                })
            .stream()
            .map(choice -> choice.candidate().sceneKey())
            .toList();
  }

  @Test
  void leastCloudOverTheAreaWinsInEveryMonth() throws InterruptedException {
    List<String> chosen =
        choose(
            1,
            Period.MONTH,
            List.of(
                cloudy("jan-a", "2024-01-03", 10),
                cloudy("jan-b", "2024-01-13", 20),
                cloudy("feb-a", "2024-02-03", 90),
                cloudy("feb-b", "2024-02-13", 80)),
            Map.of("jan-a", 0.4, "jan-b", 0.1, "feb-a", 0.2, "feb-b", 0.9));
    assertThat(chosen).containsExactly("jan-b", "feb-a");
    assertThat(measured).containsExactly("jan-a", "jan-b", "feb-b", "feb-a");
  }

  @Test
  void masksAreReadOnlyUntilEnoughScenesAreClear() throws InterruptedException {
    List<FoundScene> candidates =
        List.of(
            cloudy("a", "2024-01-01", 50),
            cloudy("b", "2024-01-02", 5),
            cloudy("c", "2024-01-03", 0),
            cloudy("d", "2024-01-04", 1));
    assertThat(choose(1, Period.MONTH, candidates, Map.of("c", 0.005))).containsExactly("c");
    assertThat(measured).containsExactly("c");
    measured.clear();
    assertThat(choose(2, Period.MONTH, candidates, Map.of("c", 0.3, "d", 0.0, "b", 0.01)))
        .containsExactly("d", "b");
    assertThat(measured).containsExactly("c", "d", "b");
  }

  @Test
  void tilesInIdsDoNotCompeteWithEachOther() throws InterruptedException {
    List<String> ids =
        List.of(
            "HLS.S30.T14TPQ.2024001T170859.v2.0",
            "HLS.S30.T14TNQ.2024001T170859.v2.0",
            "LC08_L2SP_034032_20240101_20240110_02_T1",
            "LC08_L2SP_034033_20240101_20240110_02_T1",
            "MOD09A1.A2024001.h10v05.061.2024010034533",
            "MOD09A1.A2024001.h11v05.061.2024010034533");
    assertThat(
            choose(
                1,
                Period.ALL,
                ids.stream().map(id -> candidate(id, "2024-01-01", "")).toList(),
                ids.stream().collect(Collectors.toMap(id -> id, id -> 0.5))))
        .containsExactlyInAnyOrderElementsOf(ids);
  }

  @Test
  void tilesDoNotCompeteWithEachOther() throws InterruptedException {
    List<String> chosen =
        choose(
            1,
            Period.ALL,
            List.of(
                candidate("a", "2024-01-01", ",\"grid:code\":\"MGRS-32UPU\""),
                candidate("b", "2024-01-02", ",\"grid:code\":\"MGRS-32UPU\""),
                candidate("c", "2024-01-01", ",\"s2:mgrs_tile\":\"32UQU\""),
                candidate(
                    "d",
                    "2024-01-01",
                    ",\"mgrs:utm_zone\":32,\"mgrs:latitude_band\":\"U\",\"mgrs:grid_square\":\"QV\"")),
            Map.of("a", 0.3, "b", 0.2, "c", 0.9, "d", 0.0));
    assertThat(chosen).containsExactlyInAnyOrder("b", "c", "d");
  }

  @Test
  void scenesWithoutAPartInTheAreaAreNotChosen() throws InterruptedException {
    assertThat(choose(2, Period.ALL, List.of(cloudy("a", "2024-01-01", 0)), Map.of("a", 2.0)))
        .isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "MONTH, 2024-03-31T23:59:59Z, 2024-03",
    "SEASON, 2023-12-01T00:00:00Z, 2024-1-winter",
    "SEASON, 2024-02-29T12:00:00Z, 2024-1-winter",
    "SEASON, 2024-03-01T00:00:00Z, 2024-2-spring",
    "SEASON, 2024-08-31T12:00:00Z, 2024-3-summer",
    "SEASON, 2024-11-30T12:00:00Z, 2024-4-autumn",
    "YEAR, 2024-12-31T12:00:00Z, 2024",
    "ALL, 2024-12-31T12:00:00Z, ''",
  })
  void periodsAreThoseOfTheCalendar(Period period, Instant time, String expected) {
    assertThat(period.of(time)).isEqualTo(expected);
  }
}

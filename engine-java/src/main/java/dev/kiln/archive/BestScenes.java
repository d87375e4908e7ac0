package dev.kiln.archive;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Chooses the scenes with the least cloud over an area, a number per period and tile.
 *
 * <p>Reading a mask costs requests, so masks are read in the order of the cloud cover that the
 * catalogue states, and only until enough scenes of a period and tile are clear over the area. If
 * too few are, all have been read, and those with the least cloud are chosen.
 *
 * @param number of scenes per period and tile
 * @param period of which scenes compete
 */
public record BestScenes(int number, Period period) {
  /** A scene with at most this share of cloud over the area is as good as any. */
  private static final double CLEAR = 0.01;

  /** Periods of UTC. */
  public enum Period {
    /** Calendar months. */
    MONTH,
    /** December to February, March to May, June to August, September to November. */
    SEASON,
    /** Calendar years. */
    YEAR,
    /** The whole search. */
    ALL;

    /** Returns a text that is the same for times of the same period only, in order of time. */
    String of(Instant time) {
      ZonedDateTime utc = time.atZone(ZoneOffset.UTC);
      // December belongs to the winter of the year that follows.
      ZonedDateTime shifted = utc.plusMonths(1);
      return switch (this) {
        case MONTH -> "%04d-%02d".formatted(utc.getYear(), utc.getMonthValue());
        case SEASON ->
            "%04d-%s"
                .formatted(
                    shifted.getYear(),
                    List.of("1-winter", "2-spring", "3-summer", "4-autumn")
                        .get((shifted.getMonthValue() - 1) / 3));
        case YEAR -> "%04d".formatted(utc.getYear());
        case ALL -> "";
      };
    }
  }

  /** Measures cloud. */
  @FunctionalInterface
  public interface CloudOverArea {
    /**
     * Returns the share of an area within a scene that is cloud or has no data.
     *
     * @param candidate scene
     * @return 0 to 1; more than 1 for a scene that is never chosen, because it has no part in the
     *     area or cannot be read
     * @throws InterruptedException if the calling thread is interrupted
     */
    double of(FoundScene candidate) throws InterruptedException;
  }

  /**
   * A chosen scene.
   *
   * @param candidate scene
   * @param period that it was chosen for
   * @param cloud share of the area within the scene that is cloud or has no data
   */
  public record Choice(FoundScene candidate, String period, double cloud) {
    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          "period=%s tile=%s cloud=%.3f scene=%s",
          period.isEmpty() ? "all" : period,
          candidate.tile().isEmpty() ? "none" : candidate.tile(),
          cloud,
          candidate.sceneKey());
    }
  }

  /**
   * Chooses scenes.
   *
   * @param candidates all scenes of a search
   * @param measure measures cloud over the area
   * @return by period, tile and cloud
   * @throws InterruptedException if the calling thread is interrupted
   */
  public List<Choice> choose(List<FoundScene> candidates, CloudOverArea measure)
      throws InterruptedException {
    Map<String, List<FoundScene>> groups = new TreeMap<>();
    for (FoundScene candidate : candidates) {
      String group = period.of(candidate.item().datetime()) + "\n" + candidate.tile();
      groups.computeIfAbsent(group, unseen -> new ArrayList<>()).add(candidate);
    }
    List<Choice> chosen = new ArrayList<>();
    for (List<FoundScene> group : groups.values()) {
      chosen.addAll(best(group, measure));
    }
    return chosen;
  }

  private List<Choice> best(List<FoundScene> group, CloudOverArea measure)
      throws InterruptedException {
    List<FoundScene> order = new ArrayList<>(group);
    order.sort(
        Comparator.comparingDouble((FoundScene c) -> c.cloud().orElse(1))
            .thenComparing(c -> c.item().datetime())
            .thenComparing(FoundScene::sceneKey));
    List<Choice> measured = new ArrayList<>();
    int clear = 0;
    for (FoundScene candidate : order) {
      if (clear == number) {
        break;
      }
      double cloud = measure.of(candidate);
      if (cloud <= 1) {
        measured.add(new Choice(candidate, period.of(candidate.item().datetime()), cloud));
        clear += cloud <= CLEAR ? 1 : 0;
      }
    }
    // The sort is stable: among equals, the catalogue's order decides.
    measured.sort(Comparator.comparingDouble(Choice::cloud));
    return measured.subList(0, Math.min(number, measured.size()));
  }
}

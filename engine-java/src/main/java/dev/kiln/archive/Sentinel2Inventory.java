package dev.kiln.archive;

import dev.kiln.error.ConfigurationException;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.locationtech.jts.geom.Polygon;

/**
 * Selects Sentinel-2 scenes from an S3 Inventory of {@code sentinel-cogs}: one key per scene,
 * sorted by tile, day, satellite and sequence number, without repetitions. All sequence numbers of
 * a day are kept, because they may be other passes or data strips as well as newer processings;
 * keys alone do not distinguish these.
 *
 * <p>Memory use is 8 bytes per selected scene and does not depend on the number of rows.
 *
 * @param years of acquisition
 * @param tiles MGRS names such as {@code 20HNJ}; empty for all
 * @param area that tiles must intersect; empty for no limit
 * @param latestOnly whether to keep only the highest sequence number of a tile, day and satellite,
 *     which may drop acquisitions
 */
public record Sentinel2Inventory(
    Years years, Set<String> tiles, Optional<AreaOfInterest> area, boolean latestOnly) {

  /** Copies the tiles. */
  public Sentinel2Inventory {
    tiles = Set.copyOf(tiles);
  }

  /**
   * Parses the tile names of the command line.
   *
   * @param text comma-separated, with or without leading T and zero
   * @return the names, without T and zero
   * @throws ConfigurationException if a name is not that of an MGRS square
   */
  public static Set<String> tiles(String text) {
    Set<String> names = new HashSet<>();
    for (String name : text.split(",")) {
      try {
        names.add(MgrsSquare.parse(name).name());
      } catch (IllegalArgumentException e) {
        throw new ConfigurationException("--tiles: " + e.getMessage(), e);
      }
    }
    return names;
  }

  /**
   * Reads a whole inventory, then passes on the selected scenes.
   *
   * @param inventory to read
   * @param threads number of files read at once
   * @param scenes receives the key of each scene
   * @return the numbers of rows kept and skipped, by reason
   * @throws ConfigurationException if the inventory is damaged
   * @throws IOException if the inventory cannot be read, or from {@code scenes}
   */
  public ListingStats select(S3Inventory inventory, int threads, KeySink scenes)
      throws IOException {
    ListingStats tally = new ListingStats();
    PackedKeys kept = new PackedKeys();
    Map<String, Boolean> wantedTiles = new ConcurrentHashMap<>();
    long[] items = new long[1];
    long rows =
        inventory.forEachKey(
            Sentinel2Key.SUFFIX,
            threads,
            key -> {
              Optional<Sentinel2Key> scene = Sentinel2Key.parse(key);
              Optional<String> reason =
                  scene.isEmpty()
                      ? Optional.of(otherPath(key))
                      : exclusion(scene.get(), wantedTiles);
              synchronized (kept) {
                items[0]++;
                if (reason.isPresent()) {
                  tally.skip(reason.get());
                } else {
                  kept.add(scene.get().pack());
                }
              }
            });
    tally.skip("not an item", rows - items[0]);
    kept.sort();
    passOn(kept, tally, scenes);
    return tally;
  }

  private static String otherPath(String key) {
    return key.startsWith("sentinel-s2-l2a-cogs/2019/")
        ? "item under the 2019 prefix"
        : "item under another path";
  }

  private Optional<String> exclusion(Sentinel2Key scene, Map<String, Boolean> wantedTiles) {
    if (!years.contains(scene.year())) {
      return Optional.of("other year");
    }
    if (!tiles.isEmpty() && !tiles.contains(scene.tile())) {
      return Optional.of("other tile");
    }
    // There are tens of thousands of tiles, with hundreds of scenes each.
    return area.isEmpty() || wantedTiles.computeIfAbsent(scene.tile(), this::intersectsArea)
        ? Optional.empty()
        : Optional.of("outside the area");
  }

  private boolean intersectsArea(String tile) {
    Polygon outline;
    try {
      outline = MgrsSquare.parse(tile).tile();
    } catch (IllegalArgumentException e) {
      // Column letters depend on the zone; a tile with another letter does not exist.
      return false;
    }
    return area.orElseThrow().intersects(outline);
  }

  private void passOn(PackedKeys sorted, ListingStats tally, KeySink scenes) throws IOException {
    for (int i = 0; i < sorted.size; i++) {
      long key = sorted.keys[i];
      boolean last = i + 1 == sorted.size;
      if (!last && key == sorted.keys[i + 1]) {
        tally.skip("listed twice");
      } else if (!last && latestOnly && sameDay(key, sorted.keys[i + 1])) {
        tally.skip("lower sequence number");
      } else {
        scenes.accept(Sentinel2Key.unpack(key).key());
        tally.keep();
      }
    }
  }

  private static boolean sameDay(long one, long other) {
    return Sentinel2Key.tileDay(one) == Sentinel2Key.tileDay(other);
  }

  /** A growing array of numbers, sorted in place. */
  private static final class PackedKeys {
    private long[] keys = new long[1024];
    private int size;

    private void add(long key) {
      if (size == keys.length) {
        keys = Arrays.copyOf(keys, size + (size >> 1));
      }
      keys[size++] = key;
    }

    private void sort() {
      Arrays.sort(keys, 0, size);
    }
  }
}

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
 * The Sentinel-2 scenes that an S3 Inventory of {@code sentinel-cogs} lists: one key a scene,
 * sorted by tile, day, satellite and sequence, none twice. Several sequence numbers of one day are
 * kept: they are other passes or data strips as often as newer processings, and keys alone do not
 * distinguish them.
 *
 * <p>Memory does not grow with the inventory's rows; a kept scene takes 8 bytes.
 *
 * @param years of acquisition
 * @param tiles MGRS names such as {@code 20HNJ}; empty for all
 * @param area tiles that it meets; empty for everywhere
 * @param latestOnly keep only the highest sequence number of a tile, day and satellite, which may
 *     drop acquisitions
 */
public record Sentinel2Inventory(
    Years years, Set<String> tiles, Optional<AreaOfInterest> area, boolean latestOnly) {

  public Sentinel2Inventory {
    tiles = Set.copyOf(tiles);
  }

  /**
   * Reads tile names as the command line gives them: behind commas, with or without T and leading
   * zero.
   *
   * @throws ConfigurationException if one is no MGRS square
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
   * Reads an inventory to its end, then hands on the scenes asked for.
   *
   * @param threads files read at once
   * @return what was kept and what was left out, by kind
   * @throws ConfigurationException if the inventory is broken
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
                      : notAskedFor(scene.get(), wantedTiles);
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
    handOn(kept, tally, scenes);
    return tally;
  }

  private static String otherPath(String key) {
    return key.startsWith("sentinel-s2-l2a-cogs/2019/")
        ? "item under the 2019 prefix"
        : "item under another path";
  }

  private Optional<String> notAskedFor(Sentinel2Key scene, Map<String, Boolean> wantedTiles) {
    if (!years.contains(scene.year())) {
      return Optional.of("other year");
    }
    if (!tiles.isEmpty() && !tiles.contains(scene.tile())) {
      return Optional.of("other tile");
    }
    // An archive has tens of thousands of tiles and hundreds of scenes of each.
    return area.isEmpty() || wantedTiles.computeIfAbsent(scene.tile(), this::meetsArea)
        ? Optional.empty()
        : Optional.of("outside the area");
  }

  private boolean meetsArea(String tile) {
    Polygon outline;
    try {
      outline = MgrsSquare.parse(tile).tile();
    } catch (IllegalArgumentException e) {
      // A zone has not every column letter: such a tile lies nowhere.
      return false;
    }
    return area.orElseThrow().intersects(outline);
  }

  private void handOn(PackedKeys sorted, ListingStats tally, KeySink scenes) throws IOException {
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

package dev.kiln.picture;

import dev.kiln.dataset.EmbeddingBatch;
import dev.kiln.dataset.RowRef;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.io.ParseException;
import org.locationtech.jts.io.WKBReader;

/**
 * The chips of a dataset without their vectors: outline, colour, time, platform, cloud and scene of
 * each, about 90 bytes per chip. Chips are numbered from 0 by file and row.
 */
public final class ColoredChips {
  private final ChipShapes shapes;
  private final int[] rgb;
  private final long[] micros;
  private final byte[] platform;
  private final float[] cloud;
  private final int[] file;
  private final long[] row;
  private final int[] item;
  private final List<String> platforms;
  private final List<String> items;
  private final int[] oldestFirst;

  private ColoredChips(Builder b) {
    int count = b.shapes.chips();
    this.shapes = b.shapes;
    this.rgb = Arrays.copyOf(b.rgb, count);
    this.micros = Arrays.copyOf(b.micros, count);
    this.platform = Arrays.copyOf(b.platform, count);
    this.cloud = Arrays.copyOf(b.cloud, count);
    this.file = Arrays.copyOf(b.file, count);
    this.row = Arrays.copyOf(b.row, count);
    this.item = Arrays.copyOf(b.item, count);
    this.platforms = List.copyOf(b.platforms);
    this.items = List.copyOf(b.items.keySet());
    this.oldestFirst = oldestFirst(micros);
  }

  /** Sorts the numbers of chips by time, then by number. */
  private static int[] oldestFirst(long[] micros) {
    // Days of some 20,000 years and numbers of up to 2^31 chips fit in a long.
    long[] keys = new long[micros.length];
    for (int i = 0; i < keys.length; i++) {
      long minutes = Math.floorDiv(micros[i], 60_000_000L);
      keys[i] = Math.min(Math.max(minutes, -(1L << 31)), (1L << 31) - 1) << 31 | i;
    }
    Arrays.sort(keys);
    int[] order = new int[keys.length];
    for (int i = 0; i < order.length; i++) {
      order[i] = (int) (keys[i] & Integer.MAX_VALUE);
    }
    return order;
  }

  /** Returns the number of chips. */
  public int size() {
    return rgb.length;
  }

  /** Returns the outlines. */
  public ChipShapes shapes() {
    return shapes;
  }

  /** Returns the colour of a chip: 8 bits each of red, green and blue. */
  public int rgb(int chip) {
    return rgb[chip];
  }

  /** Returns the time of a chip in microseconds since 1970; {@link EmbeddingBatch#NO_TIME}. */
  public long micros(int chip) {
    return micros[chip];
  }

  /** Returns the index of a chip's platform in {@link #platforms}. */
  public int platform(int chip) {
    return platform[chip];
  }

  /** Returns the name of a chip's platform; empty if unknown. */
  public String platformOf(int chip) {
    return platform[chip] < platforms.size() ? platforms.get(platform[chip]) : "";
  }

  /** Returns the share of cloud of a chip, 0 to 1; NaN if unknown. */
  public float cloud(int chip) {
    return cloud[chip];
  }

  /** Returns where a chip is stored. */
  public RowRef ref(int chip) {
    return new RowRef(file[chip], row[chip]);
  }

  /** Returns the number of the chip that is stored at a place; -1 if there is none. */
  public int find(RowRef ref) {
    int low = 0;
    int high = file.length - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      int order = ref.compareTo(ref(middle));
      if (order == 0) {
        return middle;
      }
      if (order < 0) {
        high = middle - 1;
      } else {
        low = middle + 1;
      }
    }
    return -1;
  }

  /** Returns the names of the platforms. */
  public List<String> platforms() {
    return platforms;
  }

  /** Returns the index of a chip's scene in {@link #items}. */
  public int item(int chip) {
    return item[chip];
  }

  /** Returns the ids of the scenes. */
  public List<String> items() {
    return items;
  }

  /** Returns the numbers of all chips, the oldest first; borrowed. */
  public int[] oldestFirst() {
    return oldestFirst;
  }

  /** Collects chips. Not thread-safe. */
  public static final class Builder {
    private static final int MOST_PLATFORMS = 127;

    private final ChipShapes shapes = new ChipShapes();
    private final List<String> platforms = new ArrayList<>();
    private final Map<String, Integer> items = new LinkedHashMap<>();
    private final WKBReader wkb = new WKBReader();
    private int[] rgb = new int[1 << 10];
    private long[] micros = new long[1 << 10];
    private byte[] platform = new byte[1 << 10];
    private float[] cloud = new float[1 << 10];
    private int[] file = new int[1 << 10];
    private long[] row = new long[1 << 10];
    private int[] item = new int[1 << 10];
    private long withoutFootprint;

    /** Creates an empty builder. */
    public Builder() {}

    /**
     * Adds the chips of a batch, which follow all that were added before in file and row. Chips
     * whose footprint cannot be read are counted and left out.
     *
     * @param batch with ids, footprints, times, shares and vectors
     * @param colors colours of the vectors
     */
    public void add(EmbeddingBatch batch, VectorColors colors) {
      for (int i = 0; i < batch.size(); i++) {
        Geometry footprint;
        try {
          footprint = wkb.read(batch.footprints()[i]);
        } catch (ParseException | RuntimeException e) {
          withoutFootprint++;
          continue;
        }
        int chip = shapes.add(footprint);
        reserve(chip + 1);
        rgb[chip] = colors.rgb(batch.vectors(), i * batch.dim());
        micros[chip] = batch.micros()[i];
        platform[chip] = number(batch.platforms()[i]);
        cloud[chip] = batch.cloud()[i];
        file[chip] = batch.file();
        row[chip] = batch.rows()[i];
        item[chip] = items.computeIfAbsent(batch.itemIds()[i], id -> items.size());
      }
    }

    private byte number(String name) {
      int index = platforms.indexOf(name);
      if (index < 0) {
        index = Math.min(platforms.size(), MOST_PLATFORMS);
        if (index < MOST_PLATFORMS) {
          platforms.add(name);
        }
      }
      return (byte) index;
    }

    private void reserve(int count) {
      if (count > rgb.length) {
        int length = Math.max(count, rgb.length + (rgb.length >> 1));
        rgb = Arrays.copyOf(rgb, length);
        micros = Arrays.copyOf(micros, length);
        platform = Arrays.copyOf(platform, length);
        cloud = Arrays.copyOf(cloud, length);
        file = Arrays.copyOf(file, length);
        row = Arrays.copyOf(row, length);
        item = Arrays.copyOf(item, length);
      }
    }

    /** Returns the number of chips that were left out because their footprint cannot be read. */
    public long withoutFootprint() {
      return withoutFootprint;
    }

    /** Returns the chips. */
    public ColoredChips build() {
      return new ColoredChips(this);
    }
  }
}

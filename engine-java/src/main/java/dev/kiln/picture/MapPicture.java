package dev.kiln.picture;

import dev.kiln.raster.PictureFormat;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A picture of chips in their colours, north up, on the {@link Mercator} map. What no chip covers
 * is transparent; of chips at the same place the latest is visible.
 *
 * <p>Areas that are so far apart that their chips would be smaller than a pixel are drawn in panels
 * of their own, each at its own scale, those with the most chips first.
 *
 * @param width in pixels
 * @param height in pixels
 * @param argb {@code [height, width]}, row-major; 8 bits each of alpha, red, green and blue
 * @param panels number of panels
 * @param areasLeftOut number of areas for which there is no panel
 */
public record MapPicture(int width, int height, int[] argb, int panels, int areasLeftOut) {
  /** Smallest and largest edge of a picture in pixels. */
  public static final int SMALLEST = 16;

  /** Largest edge of a picture in pixels. */
  public static final int LARGEST = 8192;

  private static final int MOST_PANELS = 64;

  /** Pixels up to which a picture is drawn at twice its size, which smooths edges. */
  private static final int SMOOTHED = 4 << 20;

  /** Part of the world that a panel shows, and where. */
  private record Panel(
      int area, double west, double north, double scale, double left, double top) {}

  /**
   * Draws chips.
   *
   * @param chips at least one
   * @param size longer edge of the picture in pixels
   */
  public static MapPicture of(ColoredChips chips, int size) {
    Areas areas = new Areas(chips.shapes());
    List<Panel> panels = new ArrayList<>();
    int[] edges = single(chips, areas, size, panels);
    if (panels.isEmpty()) {
      edges = grid(areas, size, panels);
    }
    int width = edges[0];
    int height = edges[1];
    int zoom = (long) width * height <= SMOOTHED ? 2 : 1;
    Canvas canvas = new Canvas(width * zoom, height * zoom);
    draw(chips, areas, panels, zoom, canvas);
    return new MapPicture(
        width,
        height,
        zoom == 1 ? canvas.argb : halved(canvas, width, height),
        panels.size(),
        panels.get(0).area < 0 ? 0 : areas.all().size() - panels.size());
  }

  /** Adds one panel for all areas if most of its chips have at least a pixel. */
  private static int[] single(ColoredChips chips, Areas areas, int size, List<Panel> panels) {
    double west = 9;
    double north = 9;
    double east = -9;
    double south = -9;
    for (Areas.Area area : areas.all()) {
      west = Math.min(west, area.west());
      north = Math.min(north, area.north());
      east = Math.max(east, area.east());
      south = Math.max(south, area.south());
    }
    double scale = size / Math.max(1e-9, Math.max(east - west, south - north));
    boolean visible = areas.all().size() == 1 || scale * typicalWidth(chips.shapes()) >= 1;
    if (!visible) {
      return new int[0];
    }
    panels.add(new Panel(areas.all().size() == 1 ? 0 : -1, west, north, scale, 0, 0));
    return new int[] {pixels((east - west) * scale), pixels((south - north) * scale)};
  }

  /** Adds a panel per area. */
  private static int[] grid(Areas areas, int size, List<Panel> panels) {
    List<Integer> order = areas.bySize();
    int count = Math.min(order.size(), MOST_PANELS);
    int columns = (int) Math.ceil(Math.sqrt(count));
    int rows = (count + columns - 1) / columns;
    double cell = (double) size / columns;
    double gap = Math.min(cell / 8, Math.max(2, size / 100.0));
    double edge = cell - gap;
    double top = 0;
    for (int row = 0; row < rows; row++) {
      List<Integer> inRow = order.subList(row * columns, Math.min(count, (row + 1) * columns));
      double tallest = 0;
      for (int area : inRow) {
        tallest = Math.max(tallest, down(areas.all().get(area)) * scale(areas, area, edge));
      }
      for (int i = 0; i < inRow.size(); i++) {
        Areas.Area area = areas.all().get(inRow.get(i));
        double scale = scale(areas, inRow.get(i), edge);
        double left = i * cell + (cell - across(area) * scale) / 2;
        double upper = top + gap / 2 + (tallest - down(area) * scale) / 2;
        panels.add(new Panel(inRow.get(i), area.west(), area.north(), scale, left, upper));
      }
      top += tallest + gap;
    }
    return new int[] {pixels(cell * columns), pixels(top)};
  }

  private static double across(Areas.Area area) {
    return area.east() - area.west();
  }

  private static double down(Areas.Area area) {
    return area.south() - area.north();
  }

  /** Returns the scale at which an area fits into a panel. */
  private static double scale(Areas areas, int area, double edge) {
    Areas.Area fitted = areas.all().get(area);
    return edge / Math.max(1e-9, Math.max(across(fitted), down(fitted)));
  }

  private static int pixels(double length) {
    return (int) Math.max(1, Math.ceil(length - 1e-6));
  }

  /** Returns the median width of some chips in fractions of the world. */
  private static double typicalWidth(ChipShapes shapes) {
    int step = Math.max(1, shapes.parts() / 1000);
    double[] widths = new double[(shapes.parts() + step - 1) / step];
    for (int i = 0; i < widths.length; i++) {
      int[] bounds = shapes.bounds(i * step);
      widths[i] = (double) (bounds[2] - bounds[0]) / ChipShapes.WORLD;
    }
    Arrays.sort(widths);
    return widths[widths.length / 2];
  }

  private static void draw(
      ColoredChips chips, Areas areas, List<Panel> panels, int zoom, Canvas canvas) {
    Panel[] panelOfArea = new Panel[areas.all().size()];
    for (Panel panel : panels) {
      if (panel.area < 0) {
        Arrays.fill(panelOfArea, panel);
      } else {
        panelOfArea[panel.area] = panel;
      }
    }
    ChipShapes shapes = chips.shapes();
    double[] x = new double[64];
    double[] y = new double[64];
    for (int chip : chips.oldestFirst()) {
      int color = 0xff00_0000 | chips.rgb(chip);
      for (int part = shapes.firstPart(chip); part < shapes.firstPart(chip + 1); part++) {
        Panel panel = panelOfArea[areas.of(part)];
        if (panel != null) {
          int count = shapes.vertices(part);
          for (int v = 0; v < count; v++) {
            double east = (double) shapes.x(part, v) / ChipShapes.WORLD + areas.turn(part);
            double down = (double) shapes.y(part, v) / ChipShapes.WORLD;
            x[v] = zoom * (panel.left + (east - panel.west) * panel.scale);
            y[v] = zoom * (panel.top + (down - panel.north) * panel.scale);
          }
          canvas.fill(x, y, count, color);
        }
      }
    }
  }

  /** Returns the mean of each square of four pixels. */
  private static int[] halved(Canvas canvas, int width, int height) {
    int[] half = new int[width * height];
    for (int row = 0; row < height; row++) {
      for (int column = 0; column < width; column++) {
        int opaque = 0;
        int red = 0;
        int green = 0;
        int blue = 0;
        for (int i = 0; i < 4; i++) {
          int pixel = canvas.argb[(2 * row + i / 2) * canvas.width + 2 * column + i % 2];
          if (pixel != 0) {
            opaque++;
            red += pixel >> 16 & 0xff;
            green += pixel >> 8 & 0xff;
            blue += pixel & 0xff;
          }
        }
        if (opaque > 0) {
          half[row * width + column] =
              opaque * 255 / 4 << 24 | red / opaque << 16 | green / opaque << 8 | blue / opaque;
        }
      }
    }
    return half;
  }

  /** Returns the picture as a PNG file. */
  public byte[] png() {
    return PictureFormat.PNG.encode(argb, width, height);
  }

  /** Pixels that polygons are drawn on. */
  private static final class Canvas {
    private final int width;
    private final int height;
    private final int[] argb;
    private final double[] crossings = new double[64];

    Canvas(int width, int height) {
      this.width = width;
      this.height = height;
      this.argb = new int[Math.multiplyExact(width, height)];
    }

    /** Colours the pixels whose centre is inside a polygon; at least one. */
    void fill(double[] x, double[] y, int count, int color) {
      double top = y[0];
      double bottom = y[0];
      double left = x[0];
      double right = x[0];
      for (int v = 1; v < count; v++) {
        top = Math.min(top, y[v]);
        bottom = Math.max(bottom, y[v]);
        left = Math.min(left, x[v]);
        right = Math.max(right, x[v]);
      }
      boolean any = false;
      int last = (int) Math.min(height - 1.0, Math.ceil(bottom - 0.5) - 1);
      for (int row = (int) Math.max(0, Math.ceil(top - 0.5)); row <= last; row++) {
        int found = crossings(x, y, count, row + 0.5);
        for (int i = 0; i + 1 < found; i += 2) {
          int begin = (int) Math.max(0, Math.ceil(crossings[i] - 0.5));
          int end = (int) Math.min(width, Math.ceil(crossings[i + 1] - 0.5));
          if (begin < end) {
            Arrays.fill(argb, row * width + begin, row * width + end, color);
            any = true;
          }
        }
      }
      if (!any) {
        int column = (int) Math.min(width - 1.0, Math.max(0, (left + right) / 2));
        int row = (int) Math.min(height - 1.0, Math.max(0, (top + bottom) / 2));
        argb[row * width + column] = color;
      }
    }

    private int crossings(double[] x, double[] y, int count, double at) {
      int found = 0;
      for (int i = 0, j = count - 1; i < count; j = i++) {
        if (y[i] > at != y[j] > at) {
          crossings[found++] = x[j] + (at - y[j]) / (y[i] - y[j]) * (x[i] - x[j]);
        }
      }
      Arrays.sort(crossings, 0, found);
      return found;
    }
  }
}

package dev.kiln.archive;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.locationtech.jts.geom.Coordinate;
import org.locationtech.jts.geom.GeometryFactory;
import org.locationtech.jts.geom.Polygon;
import org.locationtech.proj4j.CRSFactory;
import org.locationtech.proj4j.ProjCoordinate;
import org.locationtech.proj4j.proj.Projection;

/**
 * A 100 km square of the Military Grid Reference System, which names the tiles of Sentinel-2:
 * {@code 20HNJ} is UTM zone 20, latitude band H, column N, row J.
 *
 * @param name without a leading zero
 * @param zone UTM zone, 1 to 60
 * @param north whether the square is in the northern hemisphere
 * @param easting of the square's west side, metres
 * @param northing of the square's south side, metres; the equator is 10,000,000 in the southern
 *     hemisphere
 * @see <a
 *     href="https://earth-info.nga.mil/index.php?dir=coordsys&amp;action=coordsys">NGA.STND.0037,
 *     the universal grids</a>
 */
public record MgrsSquare(String name, int zone, boolean north, int easting, int northing) {
  private static final Pattern NAME =
      Pattern.compile("(\\d{1,2})([C-HJ-NP-X])([A-HJ-NP-Z])([A-HJ-NP-V])");
  private static final String BANDS = "CDEFGHJKLMNPQRSTUVWX";
  private static final char FIRST_NORTHERN_BAND = 'N';
  private static final String[] COLUMNS = {"ABCDEFGH", "JKLMNPQR", "STUVWXYZ"};
  private static final String ROWS = "ABCDEFGHJKLMNPQRSTUV";

  private static final int SQUARE = 100_000;
  private static final int ROW_CYCLE = 2_000_000;
  private static final int FALSE_NORTHING = 10_000_000;
  private static final double METRES_PER_DEGREE = 110_900;

  /**
   * Edge of a tile in metres. It overlaps the next tiles to the east and south, and is aligned to a
   * 60 m grid.
   */
  private static final int TILE = 109_800;

  private static final int TILE_GRID = 60;

  /** Points per side of a tile's outline: 11 km apart, within 25 m of the curved side. */
  private static final int STEPS = 10;

  private static final GeometryFactory WGS84 = new GeometryFactory();

  /**
   * Parses a name such as {@code 20HNJ}, also with a leading T or zero, or in lower case.
   *
   * @param name of a square
   * @return the square
   * @throws IllegalArgumentException if there is no such square
   */
  public static MgrsSquare parse(String name) {
    String plain = name.strip().toUpperCase(Locale.ROOT);
    Matcher matcher = NAME.matcher(plain.startsWith("T") ? plain.substring(1) : plain);
    if (matcher.matches()) {
      int zone = Integer.parseInt(matcher.group(1));
      char band = matcher.group(2).charAt(0);
      int column = zone < 1 ? -1 : COLUMNS[(zone - 1) % 3].indexOf(matcher.group(3).charAt(0));
      if (zone <= 60 && column >= 0) {
        return new MgrsSquare(
            zone + matcher.group(2) + matcher.group(3) + matcher.group(4),
            zone,
            band >= FIRST_NORTHERN_BAND,
            (column + 1) * SQUARE,
            northing(zone, band, matcher.group(4).charAt(0)));
      }
    }
    throw new IllegalArgumentException(
        "expected an MGRS square such as 20HNJ, found '" + name + "'");
  }

  /** Row letters repeat every 2,000 km; the latitude band selects the repetition. */
  private static int northing(int zone, char band, char row) {
    int offset = zone % 2 == 0 ? 5 : 0;
    int northing = Math.floorMod(ROWS.indexOf(row) - offset, ROWS.length()) * SQUARE;
    int index = BANDS.indexOf(band);
    double middle = band == 'X' ? 78 : -76 + 8 * index;
    double expected =
        middle * METRES_PER_DEGREE + (band < FIRST_NORTHERN_BAND ? FALSE_NORTHING : 0);
    long repetitions = Math.round((expected - northing - SQUARE / 2.0) / ROW_CYCLE);
    return northing + (int) repetitions * ROW_CYCLE;
  }

  /**
   * Returns the outline of the Sentinel-2 tile of this name: the square with its overlap, 109.8 km
   * wide. Longitudes continue beyond ±180 where the tile crosses the antimeridian.
   *
   * @return (lon, lat) in degrees
   */
  public Polygon tile() {
    double west = Math.floorDiv(easting, TILE_GRID) * (double) TILE_GRID;
    double north = -Math.floorDiv(-(northing + SQUARE), TILE_GRID) * (double) TILE_GRID;
    double middle = zone * 6 - 183;
    Projection utm = utm();
    Coordinate[] ring = new Coordinate[4 * STEPS + 1];
    for (int i = 0; i < 4 * STEPS; i++) {
      double along = (double) TILE * (i % STEPS) / STEPS;
      ProjCoordinate metres =
          switch (i / STEPS) {
            case 0 -> new ProjCoordinate(west + along, north - TILE);
            case 1 -> new ProjCoordinate(west + TILE, north - TILE + along);
            case 2 -> new ProjCoordinate(west + TILE - along, north);
            default -> new ProjCoordinate(west, north - along);
          };
      ProjCoordinate degrees = utm.inverseProject(metres, new ProjCoordinate());
      double lon = middle + Math.IEEEremainder(degrees.x - middle, 360);
      ring[i] = new Coordinate(lon, degrees.y);
    }
    ring[4 * STEPS] = ring[0];
    return WGS84.createPolygon(ring);
  }

  private Projection utm() {
    String hemisphere = north ? "" : " +south";
    return new CRSFactory()
        .createFromParameters("utm", "+proj=utm +zone=" + zone + hemisphere + " +datum=WGS84")
        .getProjection();
  }
}

package dev.kiln.explore;

import dev.kiln.dataset.EmbeddingBatch;
import dev.kiln.dataset.EmbeddingFiles;
import dev.kiln.explore.ExploreServer.Response;
import dev.kiln.picture.Areas;
import dev.kiln.picture.ChipReading;
import dev.kiln.picture.ChipShapes;
import dev.kiln.picture.ColoredChips;
import dev.kiln.picture.Mercator;
import dev.kiln.search.Search;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/**
 * What the page asks for: the dataset, its chips as tiles, chips at a place, similar chips,
 * pictures and exports. Safe for use by several threads.
 */
public final class ExploreApi {
  private static final Pattern TILE =
      Pattern.compile("/api/(chips|pictures)/(\\d{1,2})/(\\d{1,8})/(\\d{1,8})");
  private static final Pattern CHIP = Pattern.compile("/api/(chip|picture)/(\\d{1,10})");

  private static final int MOST_AT_A_PLACE = 50;
  private static final int MOST_AREAS = 50;
  private static final int MOST_RESULTS = 500;
  private static final int MOST_EXAMPLES = 100;
  private static final int MOST_EXPORTED = 10_000;

  private final String name;

  /** Part of the URLs that browsers cache: numbers of chips differ between datasets. */
  private final String version = Long.toHexString(new SecureRandom().nextLong());

  private final ColoredChips chips;
  private final ChipReading reading;
  private final ChipIndex index;
  private final ChipTiles tiles;
  private final Areas areas;
  private final ChipDetails details;
  private final ChipDescriptions described;
  private final SimilarChips similar;
  private final Optional<ScenePictures> pictures;
  private final Optional<Basemap> basemap;

  /**
   * Prepares a dataset.
   *
   * @param files borrowed
   * @param search of these files
   * @param reading its chips
   * @param pictures pictures of the scenes; empty without the archive
   * @param basemap an online map to draw under the chips; empty for none
   */
  public ExploreApi(
      EmbeddingFiles files,
      Search search,
      ChipReading reading,
      Optional<ScenePictures> pictures,
      Optional<Basemap> basemap) {
    this.name = files.uri();
    this.reading = reading;
    this.chips = reading.chips();
    this.index = new ChipIndex(chips);
    this.tiles = new ChipTiles(chips, index);
    this.areas = new Areas(chips.shapes());
    this.details = pictures.map(ScenePictures::details).orElseGet(() -> new ChipDetails(files));
    this.described = new ChipDescriptions(chips, details);
    this.similar = new SimilarChips(search, chips);
    this.pictures = pictures;
    this.basemap = basemap;
  }

  /** Returns the origin of the online basemap, such as {@code https://tile.example.org}. */
  Optional<String> basemapOrigin() {
    return basemap.map(Basemap::origin);
  }

  /**
   * Responds to a request.
   *
   * @param get whether it is a GET or HEAD request; otherwise it is a POST request
   */
  Response respond(boolean get, String path, Request request)
      throws IOException, InterruptedException {
    if (!get) {
      return switch (path) {
        case "/api/similar" -> similar(request.json());
        case "/api/export" -> export(request.json());
        default -> throw notFound(path);
      };
    }
    if (path.equals("/api/dataset")) {
      return Response.json(dataset());
    }
    if (path.equals("/api/at")) {
      return Response.json(Map.of("chips", at(request)));
    }
    Matcher tile = TILE.matcher(path);
    if (tile.matches()) {
      return tile(tile, request);
    }
    Matcher chip = CHIP.matcher(path);
    if (chip.matches()) {
      int number = number(chip.group(2));
      return chip.group(1).equals("chip")
          ? Response.json(described.of(number, Optional.of(details(number))))
          : picture(number);
    }
    throw notFound(path);
  }

  private static BadRequestException notFound(String path) {
    return new BadRequestException(404, "no such page: " + path);
  }

  private int number(String text) {
    // Any longer number is none of a chip.
    long number = text.length() <= 10 ? Long.parseLong(text) : -1;
    if (number < 0 || number >= chips.size()) {
      throw new BadRequestException(404, "no such chip: " + text);
    }
    return (int) number;
  }

  private Response tile(Matcher tile, Request request) throws IOException, InterruptedException {
    int zoom = Integer.parseInt(tile.group(2));
    long column = Long.parseLong(tile.group(3));
    long row = Long.parseLong(tile.group(4));
    if (zoom > ChipTiles.DEEPEST || column >= 1L << zoom || row >= 1L << zoom) {
      throw new BadRequestException(404, "no such tile");
    }
    if (tile.group(1).equals("chips")) {
      ChipFilter.Test filter = ChipFilter.of(request.parameters()).test(chips);
      return Response.of(
              "application/octet-stream", tiles.tile(zoom, (int) column, (int) row, filter))
          .cached();
    }
    ScenePictures.Tile picture = pictures().tile(zoom, (int) column, (int) row);
    Response png = Response.of("image/png", picture.png());
    return picture.complete() ? png.cached() : png;
  }

  private ScenePictures pictures() {
    return pictures.orElseThrow(
        () -> new BadRequestException(404, "no pictures: start kiln explore with --source"));
  }

  private ChipDetails.Details details(int chip) throws IOException, InterruptedException {
    ChipDetails.Details found = details.of(List.of(chips.ref(chip))).get(chips.ref(chip));
    if (found == null) {
      throw new BadRequestException(
          404, "the dataset has changed since the page was opened: start kiln explore again");
    }
    return found;
  }

  private Response picture(int chip) throws IOException, InterruptedException {
    ChipDetails.Details found = details(chip);
    byte[] jpeg = pictures().chip(found, chips.platformOf(chip));
    return Response.of("image/jpeg", jpeg).cached();
  }

  private Map<String, Object> dataset() {
    Map<String, Object> dataset = new LinkedHashMap<>();
    dataset.put("name", name);
    dataset.put("version", version);
    dataset.put("chips", chips.size());
    dataset.put("dimensions", reading.colors().components().dim());
    dataset.put("platforms", chips.platforms());
    long first = Long.MAX_VALUE;
    long last = Long.MIN_VALUE;
    boolean clouds = false;
    for (int chip = 0; chip < chips.size(); chip++) {
      long time = chips.micros(chip);
      if (time != EmbeddingBatch.NO_TIME) {
        first = Math.min(first, time);
        last = Math.max(last, time);
      }
      clouds |= chips.cloud(chip) > 0;
    }
    dataset.put("from", first > last ? null : day(first));
    dataset.put("to", first > last ? null : day(last));
    dataset.put("clouds", clouds);
    dataset.put("pictures", pictures.isPresent());
    dataset.put("basemap", basemap.orElse(null));
    List<Map<String, Object>> list = new ArrayList<>();
    for (int area : areas.bySize().subList(0, Math.min(MOST_AREAS, areas.all().size()))) {
      Areas.Area found = areas.all().get(area);
      Map<String, Object> box = new LinkedHashMap<>();
      box.put("chips", found.chips());
      box.put("west", Mercator.lon(found.west()));
      box.put("south", Mercator.lat(found.south()));
      box.put("east", Mercator.lon(found.east()));
      box.put("north", Mercator.lat(found.north()));
      list.add(box);
    }
    dataset.put("areas", list);
    dataset.put("areaCount", areas.all().size());
    dataset.put("faults", reading.report().faults().size());
    dataset.put("notFinite", reading.report().notFinite());
    return dataset;
  }

  private static String day(long micros) {
    return EmbeddingBatch.time(micros)
        .map(time -> time.atOffset(ZoneOffset.UTC).toLocalDate().toString())
        .orElse(null);
  }

  private List<Map<String, Object>> at(Request request) throws IOException, InterruptedException {
    ChipFilter filter = ChipFilter.of(request.parameters());
    double x = Mercator.x(request.number("lon"));
    double y = Mercator.y(request.number("lat"));
    List<Integer> found =
        index.at(
            (x - Math.floor(x)) * ChipShapes.WORLD,
            y * ChipShapes.WORLD,
            filter.test(chips),
            MOST_AT_A_PLACE);
    return described.of(found);
  }

  private Response similar(JsonNode query) throws IOException, InterruptedException {
    List<Integer> positives = numbers(query, "positives", MOST_EXAMPLES);
    List<Integer> negatives = numbers(query, "negatives", MOST_EXAMPLES);
    if (positives.isEmpty()) {
      throw new BadRequestException("positives: expected at least one chip, found none");
    }
    int count = query.path("count").asInt(24);
    if (count < 1 || count > MOST_RESULTS) {
      throw new BadRequestException(
          "count: expected 1 to %d, found %d".formatted(MOST_RESULTS, count));
    }
    Map<String, String> parameters = new LinkedHashMap<>();
    for (String name : List.of("from", "to", "platforms", "cloud")) {
      parameters.put(name, query.path(name).asString(""));
    }
    long start = System.nanoTime();
    List<SimilarChips.Hit> hits =
        similar.find(positives, negatives, count, ChipFilter.of(parameters));
    List<Map<String, Object>> results =
        described.of(hits.stream().map(SimilarChips.Hit::chip).toList());
    for (int i = 0; i < results.size(); i++) {
      results.get(i).put("similarity", hits.get(i).similarity());
    }
    return Response.json(Map.of("chips", results, "seconds", (System.nanoTime() - start) / 1e9));
  }

  private List<Integer> numbers(JsonNode query, String name, int most) {
    JsonNode list = query.path(name);
    if (list.size() > most) {
      throw new BadRequestException(
          name + ": expected at most %d chips, found %d".formatted(most, list.size()));
    }
    List<Integer> numbers = new ArrayList<>();
    for (JsonNode number : list) {
      if (!number.isIntegralNumber()) {
        throw new BadRequestException(name + ": expected numbers of chips, found another value");
      }
      numbers.add(number(number.asString()));
    }
    return numbers;
  }

  /** Returns the chips of a query as a GeoJSON file. */
  private Response export(JsonNode query) throws IOException, InterruptedException {
    List<Integer> numbers = numbers(query, "chips", MOST_EXPORTED);
    Response json = Response.json(described.geoJson(numbers, query.path("similarities")));
    return Response.of("application/geo+json", json.body()).download("chips.geojson");
  }
}

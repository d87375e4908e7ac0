package dev.kiln.run;

import dev.kiln.archive.BandAliases;
import dev.kiln.archive.BestScenes;
import dev.kiln.archive.FoundScene;
import dev.kiln.archive.ListingStats;
import dev.kiln.archive.ObjectRef;
import dev.kiln.archive.StacAsset;
import dev.kiln.archive.StacItem;
import dev.kiln.catalog.Catalog;
import dev.kiln.catalog.ItemQuery;
import dev.kiln.error.ConfigurationException;
import dev.kiln.error.MachineException;
import dev.kiln.error.Mismatch;
import dev.kiln.error.Printable;
import dev.kiln.error.SceneException;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.platform.Platform;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The scenes that a search of a STAC API found, with their items, so that these need not be read
 * again.
 *
 * @param source URI of the bucket of all items, or of the API if they are not in one bucket
 * @param candidates items that were found, by key
 * @param stats items that were kept and skipped
 */
public record AreaSearch(String source, List<FoundScene> candidates, ListingStats stats) {
  private static final Logger log = LoggerFactory.getLogger(AreaSearch.class);

  /** Copies the list. */
  public AreaSearch {
    candidates = List.copyOf(candidates);
  }

  /**
   * Searches.
   *
   * @param catalog that is searched
   * @param query what is searched for
   * @return its items
   * @throws ConfigurationException if the catalogue does not support the query, or has no items
   * @throws IOException if the catalogue is unavailable
   */
  public static AreaSearch run(Catalog catalog, ItemQuery query) throws IOException {
    List<FoundScene> found = new ArrayList<>();
    ListingStats stats =
        catalog.list(
            query,
            item -> {
              try {
                found.add(FoundScene.of(item.key(), item.json()));
                return "";
              } catch (SceneException e) {
                log.warn("item left out: reason=\"{}\"", Printable.of(e.getMessage()));
                return "not a STAC item";
              }
            });
    if (found.isEmpty()) {
      throw new ConfigurationException(
          Mismatch.of(
              catalog.where(),
              query.collection().map(id -> "items of collection " + id).orElse("items")
                  + " in the area and period",
              "none" + catalog.explainEmpty(query)));
    }
    // As in a list that kiln manifest stac writes, so that both name the same outputs.
    Optional<String> bucket = commonBucket(found);
    List<FoundScene> candidates = new ArrayList<>();
    for (FoundScene candidate : found) {
      String place = candidate.sceneKey();
      String key = bucket.isPresent() ? ObjectRef.ofBucket(place).orElseThrow().key() : place;
      candidates.add(candidate.withKey(key));
    }
    if (query.sort().isEmpty()) {
      candidates.sort(Comparator.comparing(FoundScene::sceneKey));
    }
    return new AreaSearch(bucket.orElse(catalog.source()), candidates, stats);
  }

  private static Optional<String> commonBucket(List<FoundScene> found) {
    Set<String> buckets = new TreeSet<>();
    for (FoundScene candidate : found) {
      buckets.add(
          ObjectRef.ofBucket(candidate.sceneKey()).flatMap(ObjectRef::bucketUri).orElse(""));
    }
    return buckets.size() == 1
        ? Optional.of(buckets.iterator().next()).filter(uri -> !uri.isEmpty())
        : Optional.empty();
  }

  /**
   * Logs a warning that names the flag to add if files of the items are on servers that are not
   * read. It is no error, because an item can have files that no platform needs.
   *
   * @param allowed names of web servers that may be read besides the API
   */
  public void checkHosts(Set<String> allowed) {
    Set<String> hosts = new TreeSet<>();
    for (FoundScene candidate : candidates) {
      for (StacAsset asset : candidate.item().assets().values()) {
        host(asset).filter(host -> !allowed.contains(host)).ifPresent(hosts::add);
      }
    }
    if (source.startsWith("http")) {
      hosts.remove(URI.create(source).getHost());
    }
    if (!hosts.isEmpty()) {
      log.warn(
          "items have files on servers that are not read: hosts={}; to read them, give"
              + " --allow-host",
          String.join(",", hosts));
    }
  }

  private static Optional<String> host(StacAsset asset) {
    if (!asset.isTiff() || ObjectRef.ofBucket(asset.href()).isPresent()) {
      return Optional.empty();
    }
    try {
      URI uri = URI.create(asset.href());
      return Optional.ofNullable(uri.getScheme() == null ? null : uri.getHost())
          .map(host -> host.toLowerCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      // Reported for its scene.
      return Optional.empty();
    }
  }

  /**
   * Returns the scene keys.
   *
   * @return keys, sorted
   */
  public List<String> keys() {
    return candidates.stream().map(FoundScene::sceneKey).toList();
  }

  /**
   * Returns the items.
   *
   * @return items by scene key
   */
  public Map<String, StacItem> items() {
    Map<String, StacItem> items = new LinkedHashMap<>();
    candidates.forEach(candidate -> items.put(candidate.sceneKey(), candidate.item()));
    return items;
  }

  /**
   * Chooses the scenes with the least cloud over the area. Masks are read only where the area is; a
   * platform without a mask is judged by the cloud cover that the catalogue states.
   *
   * @param rule how many scenes of which period
   * @param platform whose masks are read
   * @param aliases names of bands in items
   * @param source store of the items and masks; borrowed
   * @param chips options with the area
   * @return the search with the chosen scenes only
   * @throws ConfigurationException if no scene can be chosen
   * @throws MachineException if a mask cannot be read at the moment
   * @throws InterruptedException if the calling thread is interrupted
   */
  public AreaSearch best(
      BestScenes rule,
      Platform platform,
      BandAliases aliases,
      ObjectStore source,
      ChipOptions chips)
      throws InterruptedException {
    CloudMeasure measure = new CloudMeasure(platform, aliases, source, chips);
    List<BestScenes.Choice> choices = rule.choose(candidates, measure);
    choices.forEach(choice -> log.info("scene chosen for --best: {}", choice));
    log.info(
        "scenes chosen for --best: chosen={} found={} masks_read={}",
        choices.size(),
        candidates.size(),
        measure.masksRead());
    if (choices.isEmpty()) {
      throw new ConfigurationException(
          Mismatch.of("--best " + rule.number(), "scenes with a part in the area", "none"));
    }
    List<FoundScene> chosen =
        new ArrayList<>(choices.stream().map(BestScenes.Choice::candidate).toList());
    chosen.sort(Comparator.comparing(FoundScene::sceneKey));
    stats.skip("more cloud over the area", candidates.size() - chosen.size());
    return new AreaSearch(this.source, chosen, stats);
  }
}

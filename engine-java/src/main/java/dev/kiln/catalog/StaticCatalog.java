package dev.kiln.catalog;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Mismatch;
import dev.kiln.error.Printable;
import dev.kiln.error.SceneException;
import dev.kiln.fetch.UnavailableException;
import dev.kiln.io.Workers;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.locationtech.jts.geom.Envelope;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Items of a static catalogue, found by following its links to children and items, depth first.
 * Documents are fetched ahead by several threads; the order of the items does not depend on them.
 */
final class StaticCatalog {
  private static final Logger log = LoggerFactory.getLogger(StaticCatalog.class);

  private static final int MAX_DEPTH = 64;
  private static final int MAX_DOCUMENTS = 2_000_000;
  private static final int MAX_THREADS = 16;
  private static final int AHEAD_PER_THREAD = 4;
  private static final int MAX_LOGGED = 10;

  /** Time in which interrupted readers end. */
  private static final int MOST_SECONDS = 60;

  private static final Set<String> FOLLOWED = Set.of("child", "item");

  private final String where;
  private final CatalogStore store;
  private final ItemQuery query;
  private final int threads;
  private final Set<String> seen = new HashSet<>();
  private int logged;
  private int pruned;

  /** A document to read. */
  private record Link(String name, int depth) {}

  /** A document that is being read. */
  private record Pending(Link link, Future<JsonNode> content) {}

  /**
   * Creates a walk.
   *
   * @param where the catalogue and the option that names it, for messages
   * @param store of its documents; borrowed
   * @param query whose area and period prune collections
   * @param connections greatest number of concurrent requests
   */
  StaticCatalog(String where, CatalogStore store, ItemQuery query, int connections) {
    this.where = where;
    this.store = store;
    this.query = query;
    this.threads = Math.min(connections, MAX_THREADS);
  }

  /**
   * Finds items.
   *
   * @param root document that the walk starts with
   * @param items receives what is found
   * @throws ConfigurationException if the catalogue has no links to follow, or too many
   * @throws IOException if a store is unavailable
   */
  void walk(JsonNode root, ItemCollector items) throws IOException {
    Deque<Link> waiting = new ArrayDeque<>();
    Deque<Pending> reading = new ArrayDeque<>();
    Link first = new Link(store.rootName(), 0);
    seen.add(first.name);
    follow(first, root, waiting, items);
    if (waiting.isEmpty() && seen.size() == 1 && pruned == 0) {
      throw new ConfigurationException(
          Mismatch.of(
              where,
              "a catalogue with links to children or items",
              CatalogDocument.describe(root) + " without"));
    }
    ExecutorService pool = Executors.newFixedThreadPool(threads, Workers.daemons("catalog"));
    try {
      while (!items.isFull() && !(waiting.isEmpty() && reading.isEmpty())) {
        while (reading.size() < threads * AHEAD_PER_THREAD && !waiting.isEmpty()) {
          Link link = waiting.poll();
          reading.add(new Pending(link, pool.submit(() -> read(link.name))));
        }
        Pending next = reading.poll();
        Optional<JsonNode> document = await(next, items);
        if (document.isPresent()) {
          Deque<Link> found = new ArrayDeque<>();
          take(next.link, document.get(), found, items);
          // What is being read comes first, however long it takes, so that the order is always the
          // same.
          found.descendingIterator().forEachRemaining(waiting::addFirst);
        }
      }
    } finally {
      stop(pool);
    }
    if (pruned > 0) {
      log.info(
          "collections outside the area or period: catalogue={} collections={}", where, pruned);
    }
  }

  /** Ends the readers, which must not outlive the store. */
  private static void stop(ExecutorService pool) {
    pool.shutdownNow();
    try {
      if (!pool.awaitTermination(MOST_SECONDS, TimeUnit.SECONDS)) {
        log.warn("readers of a catalogue did not end: waited_s={}", MOST_SECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private JsonNode read(String name) throws IOException {
    return ItemDocuments.JSON.readTree(store.read(name));
  }

  /** Waits for a document; one that cannot be read is counted and left out. */
  private Optional<JsonNode> await(Pending pending, ItemCollector items) throws IOException {
    String name = pending.link.name;
    try {
      return Optional.of(pending.content.get());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(where + ": interrupted", e);
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      if (cause instanceof UnavailableException unavailable) {
        throw unavailable;
      }
      if (cause instanceof JacksonException json) {
        skip(items, "not JSON", name, json.getOriginalMessage());
      } else if (cause instanceof NoSuchFileException) {
        skip(items, "missing document", name, "no such object");
      } else if (cause instanceof AccessDeniedException denied
          && String.valueOf(denied.getReason()).contains("--allow-host")) {
        skip(items, "on a web server that --allow-host does not name", name, denied.getReason());
      } else if (cause instanceof FileSystemException file) {
        skip(items, "document that cannot be read", name, String.valueOf(file.getReason()));
      } else if (cause instanceof IOException io) {
        throw io;
      } else if (cause instanceof RuntimeException bug) {
        throw bug;
      } else {
        throw new IllegalStateException(cause);
      }
      return Optional.empty();
    }
  }

  private void take(Link link, JsonNode json, Deque<Link> found, ItemCollector items)
      throws IOException {
    switch (CatalogDocument.of(json)) {
      case ITEM -> items.add(link.name, true, json);
      case CATALOG, COLLECTION, API -> follow(link, json, found, items);
      default -> skip(items, "not a STAC document", link.name, CatalogDocument.describe(json));
    }
  }

  private void follow(Link from, JsonNode json, Deque<Link> found, ItemCollector items) {
    if (isOutside(json.path("extent"))) {
      pruned++;
      return;
    }
    boolean otherItems =
        CatalogDocument.of(json) == CatalogDocument.COLLECTION
            && query
                .collection()
                .filter(id -> !id.equals(json.path("id").asString("")))
                .isPresent();
    for (JsonNode link : json.path("links")) {
      String rel = link.path("rel").asString("");
      String href = link.path("href").asString("");
      if (!FOLLOWED.contains(rel) || rel.equals("item") && otherItems) {
        continue;
      }
      try {
        String name = store.resolve(from.name, href);
        if (!seen.add(name)) {
          continue;
        }
        if (from.depth >= MAX_DEPTH) {
          skip(items, "deeper than %d levels".formatted(MAX_DEPTH), name, "not followed");
          continue;
        }
        found.add(new Link(name, from.depth + 1));
      } catch (SceneException e) {
        skip(items, "link that cannot be followed", from.name, e.getMessage());
      }
    }
    if (seen.size() > MAX_DOCUMENTS) {
      throw new ConfigurationException(
          Mismatch.of(
              where,
              "at most %,d documents".formatted(MAX_DOCUMENTS),
              "more: start with a part of the catalogue"));
    }
  }

  /** Returns whether a collection states that it has nothing in the area or period. */
  private boolean isOutside(JsonNode extent) {
    if (query.area().isPresent()) {
      List<Envelope> boxes = new ArrayList<>();
      extent.path("spatial").path("bbox").forEach(b -> ItemGeometry.box(b).ifPresent(boxes::add));
      if (!boxes.isEmpty() && boxes.stream().noneMatch(query.area().get()::mayIntersect)) {
        return true;
      }
    }
    JsonNode interval = extent.path("temporal").path("interval").path(0);
    return query.datetime().isPresent()
        && interval.size() == 2
        && ItemFilter.isOutside(query.datetime().get(), interval.path(0), interval.path(1));
  }

  private void skip(ItemCollector items, String reason, String name, String detail) {
    items.stats().skip(reason);
    if (logged++ < MAX_LOGGED) {
      log.warn(
          "document left out: document={} reason=\"{}: {}\"",
          Printable.of(store.uri(name)),
          reason,
          Printable.of(detail));
    }
  }
}

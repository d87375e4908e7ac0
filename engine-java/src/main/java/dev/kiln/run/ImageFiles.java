package dev.kiln.run;

import dev.kiln.archive.ImageFile;
import dev.kiln.archive.ListingStats;
import dev.kiln.archive.NameDate;
import dev.kiln.archive.VrtFile;
import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Mismatch;
import dev.kiln.error.Printable;
import dev.kiln.error.SceneException;
import dev.kiln.fetch.FilesBeside;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.fetch.SparseObject;
import dev.kiln.fetch.StoreOptions;
import dev.kiln.raster.TiffDescription;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Plain image files as a source and keys in it.
 *
 * @param source directory, bucket or web server that contains all files
 * @param keys of the files, relative to the source
 */
public record ImageFiles(String source, List<String> keys) {
  private static final Logger log = LoggerFactory.getLogger(ImageFiles.class);

  /** Headers are small: reading them takes time, not bandwidth. */
  private static final int CHECK_THREADS = 16;

  /** Copies the list. */
  public ImageFiles {
    keys = List.copyOf(keys);
  }

  /**
   * Finds the source and the keys of files that are named one by one. Without a source they must be
   * in one directory, which is the source then, so that an output does not depend on which other
   * files are named with it.
   *
   * @param files paths or URIs, or one directory
   * @param source directory, bucket or web server that contains all files; empty for their
   *     directory
   * @param options how stores are reached
   * @return the source and the keys
   * @throws ConfigurationException if a local file does not exist, or one is outside the source
   * @throws IOException if a directory cannot be listed
   */
  public static ImageFiles of(List<String> files, Optional<String> source, StoreOptions options)
      throws IOException {
    if (files.size() == 1 && source.isEmpty() && isDirectory(files.get(0))) {
      return in(files.get(0), options);
    }
    Set<String> roots = new LinkedHashSet<>();
    List<String> keys = new ArrayList<>();
    for (String file : files) {
      if (source.isPresent()) {
        keys.add(below(source.get(), file));
      } else if (file.contains("://")) {
        int query = file.indexOf('?');
        int slash = file.lastIndexOf('/', query < 0 ? file.length() : query);
        roots.add(file.substring(0, slash));
        // Queries, such as signatures, belong to whole URIs only.
        keys.add(query < 0 ? file.substring(slash + 1) : file);
      } else {
        Path path = existing(file);
        roots.add(path.toAbsolutePath().normalize().getParent().toString());
        keys.add(path.getFileName().toString());
      }
    }
    if (roots.size() > 1) {
      throw new ConfigurationException(
          Mismatch.of(
              "files",
              "files of one directory, or --source DIRECTORY that contains all of them",
              roots.size() + " directories"));
    }
    return new ImageFiles(source.orElseGet(() -> roots.iterator().next()), keys);
  }

  private static boolean isDirectory(String file) {
    return !file.contains("://") && Files.isDirectory(ObjectStores.localPath(file));
  }

  private static Path existing(String file) {
    Path path = ObjectStores.localPath(file);
    if (Files.isDirectory(path)) {
      throw new ConfigurationException(
          file + ": expected files, or one directory alone, found a directory among several");
    }
    if (!Files.exists(path)) {
      throw new ConfigurationException(file + ": no such file");
    }
    return path;
  }

  /** Returns the key of a file in a source. */
  private static String below(String source, String file) {
    if (source.contains("://") && !source.startsWith("file:")) {
      String root = source.endsWith("/") ? source : source + "/";
      return file.startsWith(root) ? file.substring(root.length()) : file;
    }
    Path root = ObjectStores.localPath(source).toAbsolutePath().normalize();
    Path path = ObjectStores.localPath(file).toAbsolutePath().normalize();
    if (!path.startsWith(root) || path.equals(root)) {
      throw new ConfigurationException(
          Mismatch.of(file, "a file below --source " + source, "one outside"));
    }
    existing(file);
    return root.relativize(path).toString();
  }

  // A directory.

  /**
   * Lists the image files in a directory and the directories below it, sorted.
   *
   * @param directory path, or URI of a bucket or key prefix
   * @param options how the store is reached
   * @return the source and the keys
   * @throws ConfigurationException if there is none
   * @throws IOException if the directory cannot be listed
   */
  public static ImageFiles in(String directory, StoreOptions options) throws IOException {
    ImageFiles found = in(directory, options, new ListingStats());
    if (found.keys.isEmpty()) {
      throw new ConfigurationException(
          Mismatch.of(directory, "files with the suffix .tif, .tiff or .vrt", "none"));
    }
    return found;
  }

  /**
   * Lists the image files in a directory and the directories below it, sorted. In a bucket, names
   * without a dot are directories.
   *
   * @param directory path, or URI of a bucket or key prefix
   * @param options how the store is reached
   * @param stats receives counts of the names that were left out
   * @return the source and the keys
   * @throws IOException if the directory cannot be listed
   */
  public static ImageFiles in(String directory, StoreOptions options, ListingStats stats)
      throws IOException {
    if (!directory.contains("://") && !isDirectory(directory)) {
      throw new ConfigurationException(directory + ": no such directory");
    }
    Set<String> keys = new TreeSet<>();
    List<String> beside = new ArrayList<>();
    try (ObjectStore store = ObjectStores.open(directory, options)) {
      collect(store, directory, "", keys, beside, stats);
      leaveOutSources(store, directory, keys, stats);
    }
    if (isRemote(directory)) {
      warnOfUnread(FilesBeside.MASK, "masks", keys, beside);
      warnOfUnread(FilesBeside.AUXILIARY, "descriptions", keys, beside);
    }
    return new ImageFiles(directory, List.copyOf(keys));
  }

  private static boolean isRemote(String directory) {
    return directory.contains("://") && !directory.startsWith("file:");
  }

  /** Warns of files beside images that only directories are searched for. */
  private static void warnOfUnread(
      String suffix, String what, Set<String> keys, List<String> beside) {
    List<String> unread =
        beside.stream()
            .filter(key -> key.endsWith(suffix))
            .filter(key -> keys.contains(key.substring(0, key.length() - suffix.length())))
            .toList();
    if (!unread.isEmpty()) {
      log.warn(
          "{} beside files are read in directories only; write them into the files with"
              + " gdal_translate: files={} first={}",
          what,
          unread.size(),
          Printable.of(unread.get(0)));
    }
  }

  private static void collect(
      ObjectStore store,
      String root,
      String below,
      Set<String> keys,
      List<String> beside,
      ListingStats stats)
      throws IOException {
    for (String name : new TreeSet<>(store.list(below))) {
      String key = below.isEmpty() ? name : below + "/" + name;
      boolean directory =
          isRemote(root)
              ? name.indexOf('.') < 0
              : Files.isDirectory(ObjectStores.localPath(root).resolve(key));
      if (name.startsWith(".")) {
        stats.skip("hidden");
      } else if (directory) {
        collect(store, root, key, keys, beside, stats);
      } else if (ImageFile.isImage(name)) {
        keys.add(key);
      } else {
        if (name.endsWith(FilesBeside.MASK) || name.endsWith(FilesBeside.AUXILIARY)) {
          beside.add(key);
        }
        stats.skip("not .tif, .tiff or .vrt");
      }
    }
  }

  /**
   * Leaves out the files that virtual rasters consist of, because they are embedded with these, and
   * virtual rasters that Kiln does not support.
   */
  private static void leaveOutSources(
      ObjectStore store, String directory, Set<String> keys, ListingStats stats)
      throws IOException {
    String root =
        isRemote(directory)
            ? directory
            : "file://" + ObjectStores.localPath(directory).toAbsolutePath().normalize() + "/";
    for (String key : List.copyOf(keys)) {
      if (VrtFile.isVrt(key)) {
        try {
          for (String file : VrtFile.read(key, store::stream).files()) {
            if (keys.remove(file.startsWith(root) ? file.substring(root.length()) : file)) {
              stats.skip("source of a VRT");
            }
          }
        } catch (SceneException e) {
          log.warn("VRT is left out: reason=\"{}\"", e.getMessage());
          keys.remove(key);
          stats.skip("VRT that is not supported");
        }
      }
    }
  }

  // Headers.

  /**
   * What the headers of files tell.
   *
   * @param readable keys of the files that can be read as TIFF, in their order
   * @param undated number of those that have no date in their name or header
   */
  public record Checked(List<String> readable, long undated) {}

  /**
   * Reads the header of every file.
   *
   * @param options how the store is reached
   * @param stats receives counts of the files that cannot be read
   * @return the files that can be embedded, and the others
   * @throws IOException if the store fails
   * @throws InterruptedException if the thread is interrupted
   */
  public Checked check(StoreOptions options, ListingStats stats)
      throws IOException, InterruptedException {
    ExecutorService threads = Executors.newFixedThreadPool(CHECK_THREADS);
    try (ObjectStore store = ObjectStores.open(source, options)) {
      List<Future<Header>> headers = new ArrayList<>();
      for (String key : keys) {
        headers.add(threads.submit(() -> header(store, key)));
      }
      List<String> readable = new ArrayList<>();
      long undated = 0;
      for (int i = 0; i < headers.size(); i++) {
        Header header = headers.get(i).get();
        if (header.error.isEmpty()) {
          readable.add(keys.get(i));
          undated += header.dated ? 0 : 1;
        } else {
          stats.skip(header.error);
        }
      }
      return new Checked(readable, undated);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException io) {
        throw io;
      }
      if (e.getCause() instanceof RuntimeException runtime) {
        throw runtime;
      }
      throw new IllegalStateException(e.getCause());
    } finally {
      threads.shutdownNow();
    }
  }

  /** Why a file cannot be read, if so, and whether it has a date. */
  private record Header(String error, boolean dated) {}

  private static Header header(ObjectStore store, String key)
      throws IOException, InterruptedException {
    boolean named = NameDate.find(key.substring(key.lastIndexOf('/') + 1)).isPresent();
    if (VrtFile.isVrt(key)) {
      Optional<String> time = VrtFile.read(key, store::stream).datetime();
      return new Header("", named || time.filter(ImageFile::isTime).isPresent());
    }
    try (SparseObject file = store.open(List.of(key)).get(0)) {
      TiffDescription description = ScenePlan.description(store, key, file);
      return new Header("", named || description.datetime().filter(ImageFile::isTime).isPresent());
    } catch (SceneException e) {
      if (e.kind() == SceneException.Kind.TRANSIENT) {
        throw new IOException(e.getMessage(), e);
      }
      return new Header("not a readable TIFF", false);
    }
  }
}

package dev.kiln.cli;

import dev.kiln.archive.ObjectRef;
import dev.kiln.archive.SceneList;
import dev.kiln.archive.Shard;
import dev.kiln.archive.StacItem;
import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Printable;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.fetch.StoreOptions;
import dev.kiln.run.ImageFiles;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Options that name the scenes to embed: a list, or files. */
@Heading.Under(Heading.INPUT)
final class SceneFlags {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = "--scenes",
      paramLabel = "URI",
      description = "Scene list, one key or STAC item per line, plain or gzip.")
  private String scenes;

  @Option(
      names = "--source",
      paramLabel = "URI",
      description =
          "Archive: the bucket of the scenes, or a local mirror of it (default for FILE: its"
              + " directory; not needed for whole URIs and items).")
  private String source;

  /**
   * The scenes of a shard.
   *
   * @param name what the user named, for the log
   * @param list the shard's scenes
   * @param source URI that their keys are relative to
   * @param items items that are known already, by key
   */
  record Chosen(String name, SceneList list, String source, Map<String, StacItem> items) {}

  /**
   * Checks that no scenes are named beside a search.
   *
   * @param files named on the command line
   */
  void refuse(List<String> files) {
    if (!files.isEmpty() || isGiven("--scenes") || isGiven("--source")) {
      throw new ParameterException(
          command.commandLine(), "--stac cannot be combined with FILE, --scenes and --source");
    }
  }

  /** Requires files or a list, before anything is read. */
  void requireGiven(List<String> files) {
    if (files.isEmpty() && scenes == null) {
      throw new ParameterException(
          command.commandLine(),
          source == null
              ? "expected FILE, or --scenes and --source, or --stac, found none"
              : "expected --scenes and --source, found only one of them");
    }
  }

  /**
   * Reads the shard's scenes.
   *
   * @param files named instead of a list
   */
  Chosen choose(List<String> files, Shard shard, StoreOptions options) throws IOException {
    if (!files.isEmpty()) {
      return files(files, shard, options);
    }
    try {
      SceneList list =
          SceneList.read("--scenes " + scenes, () -> ObjectStores.stream(scenes, options), shard);
      return new Chosen(scenes, list, sourceOf(list), Map.of());
    } catch (NoSuchFileException e) {
      throw new ConfigurationException("--scenes " + scenes + ": no such file", e);
    }
  }

  /** Returns the source; without one, all names are whole URIs. */
  private String sourceOf(SceneList list) {
    if (source != null) {
      return source;
    }
    for (String key : list.keys()) {
      if (!list.items().containsKey(key) && ObjectRef.of(key).isEmpty()) {
        throw new ParameterException(
            command.commandLine(),
            "expected --scenes and --source, found only one of them: the list has keys such as "
                + Printable.of(key));
      }
    }
    return "";
  }

  /** On the command line, files take precedence over options from the environment. */
  private Chosen files(List<String> files, Shard shard, StoreOptions options) throws IOException {
    if (isGiven("--scenes")) {
      throw new ParameterException(command.commandLine(), "expected FILE or --scenes, found both");
    }
    ImageFiles found =
        ImageFiles.of(files, isGiven("--source") ? Optional.of(source) : Optional.empty(), options);
    String name = files.size() == 1 ? files.get(0) : files.size() + " files";
    return new Chosen(name, SceneList.of("FILE", found.keys(), shard), found.source(), Map.of());
  }

  private boolean isGiven(String option) {
    return command.commandLine().getParseResult().hasMatchedOption(option);
  }
}

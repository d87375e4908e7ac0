package dev.kiln.cli;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Similar;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Option values from a properties file, the last resort before built-in defaults. A key is the name
 * of an option, for all commands that have it, or of a command and an option; in a profile it
 * follows the profile's name:
 *
 * <pre>
 *   region = eu-central-1
 *   embed.batch = 64
 *   %prod.out = s3://my-bucket/clay
 * </pre>
 *
 * More specific keys take precedence: those of the profile, and among them those of the command.
 */
final class ConfigFile {
  static final String FILE_NAME = "kiln.properties";
  private static final String ROOT = "kiln";

  private final String file;
  private final Optional<String> profile;
  private final Map<String, String> values;

  private ConfigFile(String file, Optional<String> profile, Map<String, String> values) {
    this.file = file;
    this.profile = profile;
    this.values = values;
  }

  /** A key of the file and its value. */
  record Entry(String key, String value) {}

  /** Returns a file without values. */
  static ConfigFile none() {
    return new ConfigFile("", Optional.empty(), Map.of());
  }

  /**
   * Reads the file that {@code --config} or {@code KILN_CONFIG} names, else {@code kiln.properties}
   * in the working directory or in the user's configuration directory, if there is one.
   *
   * @param arguments of the command line, which has not been parsed yet
   * @throws ConfigurationException if the file cannot be read, or lacks the profile
   */
  static ConfigFile find(String[] arguments, Map<String, String> environment) {
    Optional<String> profile =
        option("--profile", arguments)
            .or(() -> Optional.ofNullable(environment.get("KILN_PROFILE")))
            .filter(name -> !name.isEmpty());
    Optional<Path> named =
        option("--config", arguments)
            .or(() -> Optional.ofNullable(environment.get("KILN_CONFIG")))
            .filter(path -> !path.isEmpty())
            .map(Path::of);
    if (named.isPresent()) {
      return read(named.get(), profile);
    }
    String home = environment.getOrDefault("HOME", "");
    Path user =
        Path.of(environment.getOrDefault("XDG_CONFIG_HOME", home + "/.config"), ROOT, FILE_NAME);
    for (Path file : List.of(Path.of(FILE_NAME), user)) {
      if (Files.isRegularFile(file)) {
        return read(file, profile);
      }
    }
    if (profile.isPresent()) {
      throw new ConfigurationException(
          "--profile %s: expected a file kiln.properties here or in %s, found none"
              .formatted(profile.get(), user.getParent()));
    }
    return none();
  }

  private static Optional<String> option(String name, String[] arguments) {
    Optional<String> value = Optional.empty();
    for (int i = 0; i < arguments.length && !arguments[i].equals("--"); i++) {
      if (arguments[i].startsWith(name + "=")) {
        value = Optional.of(arguments[i].substring(name.length() + 1));
      } else if (arguments[i].equals(name) && i + 1 < arguments.length) {
        value = Optional.of(arguments[i + 1]);
      }
    }
    return value;
  }

  /**
   * Reads a file.
   *
   * @param profile whose keys apply; empty for none
   */
  static ConfigFile read(Path file, Optional<String> profile) {
    Properties properties = new Properties();
    try (Reader in = Files.newBufferedReader(file)) {
      properties.load(in);
    } catch (NoSuchFileException e) {
      throw new ConfigurationException("--config " + file + ": no such file", e);
    } catch (IOException | IllegalArgumentException e) {
      throw new ConfigurationException(
          "--config " + file + ": expected a properties file in UTF-8: " + e.getMessage(), e);
    }
    Map<String, String> values = new TreeMap<>();
    properties.stringPropertyNames().forEach(k -> values.put(k, properties.getProperty(k).strip()));
    ConfigFile config = new ConfigFile(file.toString(), profile, values);
    profile.ifPresent(config::requireProfile);
    return config;
  }

  private void requireProfile(String name) {
    Set<String> known = new TreeSet<>();
    for (String key : values.keySet()) {
      if (key.startsWith("%") && key.contains(".")) {
        known.add(key.substring(1, key.indexOf('.')));
      }
    }
    if (!known.contains(name)) {
      throw new ConfigurationException(
          "--profile %s: expected a profile of %s (%s), found none of that name"
              .formatted(name, file, known.isEmpty() ? "it has none" : String.join(", ", known)));
    }
  }

  /** Returns the name of the file; empty if there is none. */
  String file() {
    return file;
  }

  /** Returns the entry that sets an option of a command. */
  Optional<Entry> find(OptionSpec option) {
    String name = option.longestName().substring(2);
    List<String> keys = new ArrayList<>();
    String command = option.command() == null ? "" : path(option.command());
    profile.ifPresent(
        p -> {
          keys.add("%" + p + "." + command + name);
          keys.add("%" + p + "." + name);
        });
    keys.add(command + name);
    keys.add(name);
    return keys.stream()
        .filter(key -> !values.getOrDefault(key, "").isEmpty())
        .findFirst()
        .map(key -> new Entry(key, values.get(key)));
  }

  /** Returns the names of a command below {@code kiln}, each with a dot; empty for itself. */
  private static String path(CommandSpec command) {
    String path = command.qualifiedName(".") + ".";
    return path.startsWith(ROOT + ".") ? path.substring(ROOT.length() + 1) : "";
  }

  /**
   * Rejects keys that no command reads, because a misspelled one would otherwise be ignored.
   *
   * @throws ConfigurationException that names the key and the most similar known one
   */
  void refuseUnknown(CommandLine root) {
    Set<String> known = new TreeSet<>();
    addKeys(root, known);
    for (String key : values.keySet()) {
      String name = key.replaceFirst("^%[^.]*\\.", "");
      if (!known.contains(name)) {
        throw new ConfigurationException(
            "%s: key %s: expected an option or COMMAND.OPTION, found neither; the most similar is %s"
                .formatted(file, key, Similar.most(name, known)));
      }
    }
  }

  private static void addKeys(CommandLine command, Set<String> known) {
    for (OptionSpec option : command.getCommandSpec().options()) {
      if (option.longestName().startsWith("--") && !option.usageHelp() && !option.versionHelp()) {
        String name = option.longestName().substring(2);
        known.add(name);
        known.add(path(command.getCommandSpec()) + name);
      }
    }
    // Where the file and profile come from.
    known.removeAll(Set.of("config", "profile"));
    command.getSubcommands().values().forEach(subcommand -> addKeys(subcommand, known));
  }
}

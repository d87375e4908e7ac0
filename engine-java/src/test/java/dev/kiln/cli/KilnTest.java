package dev.kiln.cli;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import dev.kiln.error.ConfigurationException;
import dev.kiln.error.SceneException;
import dev.kiln.logging.Logging;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

class KilnTest {
  /** Ends with the outcome that the test sets. */
  @Command(name = "fire", description = "Fires the kiln.")
  static final class Fire implements Callable<Integer> {
    static Callable<Integer> outcome = () -> 0;

    @Option(names = "--heat")
    int heat;

    @Option(names = {"-o", "--out"})
    String output;

    @Override
    public Integer call() throws Exception {
      return outcome.call();
    }
  }

  @Command(name = "stack", description = "Groups others.", subcommands = Fire.class)
  static final class Stack {}

  private final Map<String, String> environment = new HashMap<>();
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int kiln(String... arguments) {
    CommandLine commandLine = Kiln.commandLine(environment, List.of(Fire.class, Stack.class));
    commandLine.setOut(new PrintWriter(out));
    commandLine.setErr(new PrintWriter(err));
    return commandLine.execute(arguments);
  }

  private int kilnThrowing(Throwable error, String... arguments) {
    Fire.outcome =
        () -> {
          if (error instanceof Error unchecked) {
            throw unchecked;
          }
          throw (Exception) error;
        };
    return kiln(arguments);
  }

  @Test
  void passesTheExitCodeOfTheCommandThrough() {
    Fire.outcome = () -> 65;
    assertThat(kiln("fire")).isEqualTo(65);
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void printsVersion() {
    assertThat(kiln("--version")).isZero();
    assertThat(out.toString())
        .containsPattern("^kiln \\d+\\.\\d+\\.\\d+(-SNAPSHOT)?\\R")
        .contains("Java ");
  }

  @Test
  void listsCommandsAndExitCodesInHelp() {
    assertThat(kiln("--help")).isZero();
    assertThat(out.toString()).contains("Fires the kiln.").contains("78    configuration error");
  }

  @Test
  void givesEverySubcommandHelpAndVersion() {
    assertThat(kiln("stack", "fire", "--help")).isZero();
    assertThat(out.toString())
        .contains("Usage: kiln stack fire")
        .contains("--heat")
        .contains("--log");
    assertThat(kiln("stack", "fire", "--version")).isZero();
    assertThat(out.toString()).contains("kiln " + Version.number());
  }

  @Test
  void withoutCommandShowsUsageAsAnError() {
    assertThat(kiln()).isEqualTo(2);
    assertThat(out.toString()).isEmpty();
    assertThat(err.toString()).contains("Usage: kiln").contains("Fires the kiln.");
  }

  @Test
  void rejectsWrongUsageWithAHint() {
    assertThat(kiln("fire", "--heta", "900")).isEqualTo(2);
    assertThat(err.toString())
        .startsWith("kiln: Unknown option")
        .contains("--heat")
        .contains("See 'kiln fire --help'.");
    assertThat(kiln("fir")).isEqualTo(2);
    assertThat(err.toString()).contains("Did you mean: kiln fire");
    assertThat(kiln("fire", "--heat", "hot")).isEqualTo(2);
    assertThat(err.toString()).contains("'hot' is not an int").doesNotContain("environment");
  }

  static Stream<Arguments> errors() {
    return Stream.of(
        Arguments.of(
            new ConfigurationException("model: no such directory"), 78, "model: no such directory"),
        Arguments.of(SceneException.permanent("a.tif", "3 bands"), 65, "a.tif: 3 bands"),
        Arguments.of(
            SceneException.transientError("a.tif", "timed out", null), 75, "a.tif: timed out"),
        Arguments.of(new NoSuchFileException("/x"), 78, "no such file: /x"),
        Arguments.of(new AccessDeniedException("/x"), 78, "permission denied: /x"),
        Arguments.of(new NotDirectoryException("/x"), 78, "not a directory: /x"),
        Arguments.of(
            new UncheckedIOException(new NoSuchFileException("/x")), 78, "no such file: /x"),
        Arguments.of(
            new FileSystemException("/x", null, "No space left on device"),
            75,
            "/x: No space left on device"),
        Arguments.of(new SocketException("Broken pipe"), 75, "Broken pipe"),
        Arguments.of(new IOException(), 75, "java.io.IOException"));
  }

  @ParameterizedTest
  @MethodSource("errors")
  void printsOneLineForAnErrorThatIsNotABug(Throwable error, int code, String line) {
    assertThat(kilnThrowing(error, "fire")).isEqualTo(code);
    assertThat(err.toString().lines()).containsExactly("kiln: " + line);
  }

  @Test
  void aFullDiskIsNamedByTheOptionOfTheOutput() {
    IOException error = new IOException("No space left on device");
    assertThat(kilnThrowing(error, "fire", "-o", "full/map.png")).isEqualTo(75);
    assertThat(err.toString().lines())
        .containsExactly("kiln: No space left on device: free space, or change --out full/map.png");
  }

  @Test
  void printsTheStackTraceOnRequest() {
    ConfigurationException error = new ConfigurationException("wrong");
    assertThat(kilnThrowing(error, "--stacktrace", "fire")).isEqualTo(78);
    assertThat(err.toString()).contains("at dev.kiln.cli.KilnTest").endsWith("kiln: wrong\n");

    err.getBuffer().setLength(0);
    environment.put("KILN_DEBUG", "1");
    assertThat(kilnThrowing(error, "fire")).isEqualTo(78);
    assertThat(err.toString()).contains("at dev.kiln.cli.KilnTest");
  }

  @Test
  void reportsABugAsSuch() {
    assertThat(kilnThrowing(new IllegalStateException("strip 3"), "fire")).isEqualTo(1);
    assertThat(err.toString())
        .contains("kiln: internal error, a bug in Kiln: java.lang.IllegalStateException: strip 3");

    assertThat(kilnThrowing(new StackOverflowError(), "fire")).isEqualTo(1);
    assertThat(err.toString()).contains("java.lang.StackOverflowError");
  }

  @Test
  void namesTheVariableOfAnInvalidValue() {
    environment.put("KILN_HEAT", "hot");
    assertThat(kiln("fire")).isEqualTo(2);
    assertThat(err.toString())
        .contains("'hot' is not an int (from environment variable KILN_HEAT)");
  }

  @Test
  void rejectsVariablesThatNoOptionReads() {
    Fire.outcome = () -> 0;
    environment.put("KILN_HAET", "900");
    assertThat(kiln("fire")).isEqualTo(78);
    assertThat(err.toString())
        .contains("kiln: environment variable KILN_HAET: no command has an option --haet");
    assertThat(kiln("--help")).isZero();
  }

  @Test
  void namesAnUnknownOptionBeforeMissingOnes() {
    CommandLine commandLine =
        Kiln.commandLine(environment, List.of(EmbedCommand.class)).setErr(new PrintWriter(err));
    assertThat(commandLine.execute("embed", "naip", "--scnes=a", "--model=b", "--out=c"))
        .isEqualTo(2);
    assertThat(err.toString()).startsWith("kiln: Unknown option: '--scnes=a'").contains("--scenes");
    err.getBuffer().setLength(0);
    assertThat(commandLine.execute("embed", "naip", "--model=b", "--out=c")).isEqualTo(2);
    assertThat(err.toString())
        .contains("expected FILE, or --scenes and --source, or --stac, found none");
  }

  @Test
  void unknownCommandIsAnErrorWithHelpToo() {
    assertThat(kiln("fir", "--help")).isEqualTo(2);
    assertThat(out.toString()).isEmpty();
    assertThat(err.toString()).contains("'fir'", "Did you mean: kiln fire");
    assertThat(kiln("fire", "--heta", "--help")).isEqualTo(2);
  }

  @Test
  void printsTheHelpOfACommandByName() {
    CommandLine commandLine =
        Kiln.commandLine(environment, List.of(HelpCommand.class, Fire.class, Stack.class))
            .setOut(new PrintWriter(out))
            .setErr(new PrintWriter(err));
    assertThat(commandLine.execute("help", "stack", "fire")).isZero();
    assertThat(out.toString()).contains("Usage: kiln stack fire", "--heat");
    assertThat(commandLine.execute("help")).isZero();
    assertThat(out.toString()).contains("Commands:");
    assertThat(commandLine.execute("help", "fir")).isEqualTo(2);
    assertThat(err.toString()).contains("Did you mean: kiln fire");
  }

  @Test
  void printsACompletionScriptThatBashReads() throws Exception {
    CommandLine commandLine =
        Kiln.commandLine(environment, Kiln.COMMANDS).setOut(new PrintWriter(out));
    assertThat(commandLine.execute("completion")).isZero();
    assertThat(out.toString()).contains("complete -F", "--items-per-job", "sentinel-2");
    Process bash = new ProcessBuilder("bash", "-n").redirectErrorStream(true).start();
    try (OutputStream input = bash.getOutputStream()) {
      input.write(out.toString().getBytes(StandardCharsets.UTF_8));
    }
    assertThat(bash.getInputStream().readAllBytes()).asString().isEmpty();
    assertThat(bash.waitFor()).isZero();

    String script = out.toString();
    for (String shell : List.of("bash", "zsh")) {
      out.getBuffer().setLength(0);
      assertThat(commandLine.execute("completion", shell)).isZero();
      assertThat(out.toString()).isEqualTo(script);
    }
    commandLine.setErr(new PrintWriter(err));
    assertThat(commandLine.execute("completion", "fish")).isEqualTo(2);
    assertThat(err.toString()).startsWith("kiln: SHELL: expected one of bash, zsh, found fish");
  }

  @Test
  void invalidValuesAreUsageErrors() {
    assertThat(kilnThrowing(new OptionException("--heat: expected 1 or more, found 0"), "fire"))
        .isEqualTo(2);
    assertThat(err.toString().lines()).containsExactly("kiln: --heat: expected 1 or more, found 0");
  }

  @ParameterizedTest
  @CsvSource({
    "'', fire, INFO",
    "warn, fire, WARN",
    "warn, --log=debug fire, DEBUG",
    "warn, fire --log TRACE, TRACE",
    "off, fire, OFF",
  })
  void setsTheLevelOfLoggersThatExist(String variable, String arguments, String level) {
    Logger early = (Logger) LoggerFactory.getLogger("dev.kiln.made.early");
    environment.put("KILN_LOG", variable);
    try {
      kiln(arguments.split(" "));
      assertThat(early.getEffectiveLevel()).isEqualTo(Level.toLevel(level));
    } finally {
      Logging.configure(Logging.Level.INFO, Logging.Format.TEXT);
    }
  }

  @Test
  void rejectsAnUnknownLogLevel() {
    environment.put("KILN_LOG", "loud");
    assertThat(kiln("fire")).isEqualTo(2);
    assertThat(err.toString())
        .startsWith(
            "kiln: --log: expected one of trace, debug, info, warn, error, off, found loud (from"
                + " environment variable KILN_LOG)\n");
  }

  @Test
  void toleratesAClosedPipe() {
    OutputStream closed =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            throw new IOException("Broken pipe");
          }
        };
    CommandLine commandLine = Kiln.commandLine(environment, List.of(Fire.class));
    commandLine.setOut(new PrintWriter(closed, true));
    assertThat(commandLine.execute("--help")).isZero();
  }
}

package dev.kiln.cli;

import dev.kiln.dataset.EmbeddingFiles;
import dev.kiln.error.Count;
import dev.kiln.error.ExitCode;
import dev.kiln.explore.Basemap;
import dev.kiln.explore.ExploreApi;
import dev.kiln.explore.ExploreServer;
import dev.kiln.explore.ListedScenes;
import dev.kiln.explore.ScenePictures;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.picture.ChipReading;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.search.Search;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code kiln explore}: shows a dataset on a map in the browser. */
@Command(
    name = "explore",
    description = "Show a dataset on a map in the browser and find similar chips with a click.",
    footer = {
      "",
      "Prints the URL of the page and runs until stopped with Ctrl+C. The page needs no internet",
      "connection. Only this machine can open it, unless --host names another address.",
      "",
      "Example:",
      "  kiln explore embeddings --source naip-analytic"
    })
public final class ExploreCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "DATASET",
      description = "Output of kiln embed or kiln merge: a directory, a bucket or one file.")
  private String dataset;

  @Option(
      names = "--source",
      paramLabel = "URI",
      description =
          "Archive of the scenes, as for kiln embed, to show pictures of the chips and the imagery"
              + " on the map.")
  @Heading.Under(Heading.INPUT)
  private String source;

  @Option(
      names = "--scenes",
      paramLabel = "URI",
      description =
          "Scene list of the run, for pictures of items that only the list has: those of an API.")
  @Heading.Under(Heading.INPUT)
  private String scenes;

  @Option(
      names = "--platform-file",
      paramLabel = "FILE.yaml",
      description = "Platforms of your own, as for kiln export, to show pictures of their scenes.")
  @Heading.Under(Heading.INPUT)
  private Path platformFile;

  @Option(
      names = "--port",
      paramLabel = "N",
      defaultValue = "8484",
      description = "Port to listen on; 0 for any free port (default: ${DEFAULT-VALUE}).")
  private int port;

  @Option(
      names = "--host",
      paramLabel = "NAME",
      defaultValue = "127.0.0.1",
      description =
          "Address to listen on. If other machines can reach it, the URL contains a token (default:"
              + " ${DEFAULT-VALUE}).")
  private String host;

  @Option(
      names = "--basemap",
      paramLabel = "URL",
      description =
          "Online map under the chips, such as https://tile.openstreetmap.org/{z}/{x}/{y}.png"
              + " (default: none).")
  private String basemap;

  @Option(
      names = "--basemap-attribution",
      paramLabel = "TEXT",
      defaultValue = "© OpenStreetMap contributors",
      description = "Attribution shown on the online map (default: ${DEFAULT-VALUE}).")
  private String attribution;

  @Mixin private IndexFlags indexFlags;
  @Mixin private S3Flags s3Flags;

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (port < 0 || port > 65535) {
      throw new OptionException("--port: expected 0 to 65535, found " + port);
    }
    Optional<Basemap> online =
        Optional.ofNullable(basemap)
            .map(url -> OptionException.parse(() -> new Basemap(url, attribution)));
    PlatformCatalog platforms =
        platformFile == null ? PlatformCatalog.builtIn() : PlatformCatalog.load(platformFile);
    int processors = Runtime.getRuntime().availableProcessors();
    PrintWriter out = spec.commandLine().getOut();
    out.printf("Reading %s%n", ObjectStores.redacted(dataset));
    out.flush();
    try (EmbeddingFiles files = EmbeddingFiles.open(dataset, s3Flags.source())) {
      Search search = indexFlags.search(files, s3Flags.source(), processors, false);
      ChipReading reading = ChipReading.of(files);
      MapCommand.warn(reading);
      Optional<ScenePictures> pictures =
          source == null && scenes == null
              ? Optional.empty()
              : Optional.of(
                  new ScenePictures(
                      ObjectStores.openSource(
                          source == null ? "" : source, s3Flags.source(), s3Flags.rules()),
                      listed(reading),
                      reading.chips(),
                      files,
                      platforms));
      ExploreApi api = new ExploreApi(files, search, reading, pictures, online);
      try (ExploreServer server = ExploreServer.start(host, port, api)) {
        out.printf(
            "%s%nOpen %s in a browser. Press Ctrl+C to stop.%n",
            Count.of(reading.chips().size(), "chip"), server.url());
        out.flush();
        new CountDownLatch(1).await();
      } finally {
        pictures.ifPresent(ScenePictures::close);
      }
    }
    return ExitCode.DONE.code();
  }

  private ListedScenes listed(ChipReading reading) throws IOException {
    return scenes == null
        ? ListedScenes.NONE
        : ListedScenes.read(
            "--scenes " + scenes,
            () -> ObjectStores.stream(scenes, s3Flags.source()),
            reading.chips().items());
  }
}

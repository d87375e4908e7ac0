package dev.kiln.explore;

import dev.kiln.dataset.EmbeddingFiles;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.fetch.StoreOptions;
import dev.kiln.picture.ChipReading;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.search.Search;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A server over a dataset, and requests to it that no client changes before they are sent. */
final class TestExplorer implements AutoCloseable {
  private final EmbeddingFiles files;
  private final Optional<ScenePictures> pictures;
  private final ExploreServer server;

  /**
   * Starts a server on a free port.
   *
   * @param source archive of the scenes; null for none
   */
  TestExplorer(Path dataset, Path source, String host) throws IOException, InterruptedException {
    this(
        dataset,
        Optional.ofNullable(source).map(archive -> ObjectStores.open(archive.toString())),
        host,
        Duration.ofSeconds(15));
  }

  /**
   * Starts a server on a free port.
   *
   * @param source archive of the scenes; owned
   * @param pause time after a transient error in which a scene is not read again
   */
  TestExplorer(Path dataset, ObjectStore source, Duration pause)
      throws IOException, InterruptedException {
    this(dataset, Optional.of(source), "127.0.0.1", pause);
  }

  /**
   * Starts a server on a free port.
   *
   * @param source archive of the scenes; owned
   * @param list scene list whose items are looked up
   */
  TestExplorer(Path dataset, ObjectStore source, Path list)
      throws IOException, InterruptedException {
    this(
        dataset,
        Optional.of(source),
        "127.0.0.1",
        Duration.ofSeconds(15),
        list,
        PlatformCatalog.builtIn());
  }

  /**
   * Starts a server on a free port.
   *
   * @param source archive of the scenes; owned
   * @param platforms that scenes can have
   */
  TestExplorer(Path dataset, ObjectStore source, PlatformCatalog platforms)
      throws IOException, InterruptedException {
    this(dataset, Optional.of(source), "127.0.0.1", Duration.ofSeconds(15), null, platforms);
  }

  private TestExplorer(Path dataset, Optional<ObjectStore> source, String host, Duration pause)
      throws IOException, InterruptedException {
    this(dataset, source, host, pause, null, PlatformCatalog.builtIn());
  }

  private TestExplorer(
      Path dataset,
      Optional<ObjectStore> source,
      String host,
      Duration pause,
      Path list,
      PlatformCatalog platforms)
      throws IOException, InterruptedException {
    this.files = EmbeddingFiles.open(dataset.toString(), StoreOptions.standard());
    ChipReading reading = ChipReading.of(files);
    ListedScenes listed =
        list == null
            ? ListedScenes.NONE
            : ListedScenes.read("list", () -> Files.newInputStream(list), reading.chips().items());
    this.pictures =
        source.map(
            archive ->
                new ScenePictures(archive, listed, reading.chips(), files, platforms, pause));
    Search search = new Search(files, 2, false);
    this.server =
        ExploreServer.start(
            host, 0, new ExploreApi(files, search, reading, pictures, Optional.empty()));
  }

  String url() {
    return server.url();
  }

  int port() {
    return URI.create(server.url()).getPort();
  }

  /** A response with header names in lower case. */
  record Reply(int status, Map<String, String> headers, byte[] body) {
    String text() {
      return new String(body, StandardCharsets.UTF_8);
    }

    JsonNode json() {
      return JsonMapper.shared().readTree(body);
    }
  }

  Reply get(String path, String... headers) throws IOException {
    return send("GET", path, "", headers);
  }

  Reply post(String path, String body) throws IOException {
    return send("POST", path, body, "Content-Type: application/json");
  }

  /** Sends a request as it is; a header Host replaces the right one. */
  Reply send(String method, String path, String body, String... headers) throws IOException {
    byte[] content = body.getBytes(StandardCharsets.UTF_8);
    StringBuilder head = new StringBuilder("%s %s HTTP/1.1\r\n".formatted(method, path));
    if (Arrays.stream(headers).noneMatch(h -> h.startsWith("Host:"))) {
      head.append("Host: 127.0.0.1:").append(port()).append("\r\n");
    }
    for (String header : headers) {
      head.append(header).append("\r\n");
    }
    head.append("Content-Length: ").append(content.length).append("\r\n");
    head.append("Connection: close\r\n\r\n");
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port())) {
      socket.setSoTimeout(20_000);
      socket.getOutputStream().write(head.toString().getBytes(StandardCharsets.ISO_8859_1));
      socket.getOutputStream().write(content);
      socket.getOutputStream().flush();
      return parse(readAll(socket.getInputStream()));
    }
  }

  /** Reads to the end; a connection that is reset after the response counts as its end. */
  private static byte[] readAll(InputStream in) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    byte[] buffer = new byte[8192];
    try {
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        all.write(buffer, 0, n);
      }
    } catch (IOException e) {
      // What arrived is parsed.
    }
    return all.toByteArray();
  }

  private static Reply parse(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    int end = text.indexOf("\r\n\r\n");
    String[] lines = text.substring(0, end).split("\r\n");
    Map<String, String> headers = new TreeMap<>();
    for (int i = 1; i < lines.length; i++) {
      int colon = lines[i].indexOf(':');
      headers.put(
          lines[i].substring(0, colon).toLowerCase(Locale.ROOT),
          lines[i].substring(colon + 1).strip());
    }
    int status = Integer.parseInt(lines[0].split(" ")[1]);
    return new Reply(status, headers, Arrays.copyOfRange(bytes, end + 4, bytes.length));
  }

  @Override
  public void close() {
    server.close();
    pictures.ifPresent(ScenePictures::close);
    files.close();
  }
}

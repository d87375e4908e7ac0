package dev.kiln.benchmarks;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.kiln.export.RandomCheckpoint;
import dev.kiln.model.Architecture;
import dev.kiln.model.ModelDirectory;
import dev.kiln.type.DataType;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.ZipFile;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Measures {@code kiln export --checkpoint http://…} with a checkpoint of the size of the released
 * one: bytes that the server sent, time and peak memory; from start to end, and interrupted in the
 * middle. The model must equal the one that is exported from the file.
 *
 * <p>{@code java -cp … dev.kiln.benchmarks.RemoteExport DIRECTORY HEAP}; the directory gets the
 * checkpoint (5 GB), three models and {@code result.json}.
 */
public final class RemoteExport {
  /** A ballast tensor has 4096 × 4096 values, more than any tensor of the encoder. */
  private static final long BALLAST_TENSOR_BYTES = 4L * 4096 * 4096;

  private static final int BALLAST_TENSORS = 56;
  private static final Pattern RANGE = Pattern.compile("bytes=(\\d+)-(\\d+)");

  private final Path directory;
  private final Path checkpoint;
  private final String heap;
  private final AtomicLong sent = new AtomicLong();
  private final AtomicLong requests = new AtomicLong();
  private volatile long allowance = Long.MAX_VALUE;

  private RemoteExport(Path directory, String heap) {
    this.directory = directory;
    this.checkpoint = directory.resolve("large.ckpt");
    this.heap = heap;
  }

  /** Runs the measurement. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    Locale.setDefault(Locale.ROOT);
    RemoteExport export = new RemoteExport(Path.of(arguments[0]).toAbsolutePath(), arguments[1]);
    ObjectNode result = export.run();
    String json = JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(result);
    Files.writeString(export.directory.resolve("result.json"), json + "\n");
    System.out.println(json);
    System.exit(0);
  }

  private ObjectNode run() throws IOException, InterruptedException {
    Files.createDirectories(directory);
    if (!Files.exists(checkpoint)) {
      new RandomCheckpoint(
              Architecture.named("large"), DataType.FP32, 1, BALLAST_TENSORS * BALLAST_TENSOR_BYTES)
          .write(checkpoint);
    }
    ObjectNode result = JsonMapper.shared().createObjectNode();
    long needed = needed();
    result.put("heap", heap).put("checkpoint_bytes", Files.size(checkpoint));
    result.put("encoder_bytes", needed);
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newCachedThreadPool());
    server.createContext("/", this::serve);
    server.start();
    String url = "http://127.0.0.1:" + server.getAddress().getPort() + "/large.ckpt";

    export(result.putObject("from_file"), checkpoint.toString(), "file", needed, 0);
    export(result.putObject("from_server"), url, "server", needed, 0);
    allowance = needed / 2;
    export(result.putObject("interrupted"), url, "resumed", needed, 75);
    allowance = Long.MAX_VALUE;
    export(result.putObject("resumed"), url, "resumed", needed, 0);
    server.stop(0);

    String expected = ModelDirectory.open(directory.resolve("file")).hash();
    for (String name : List.of("server", "resumed")) {
      String found = ModelDirectory.open(directory.resolve(name)).hash();
      if (!found.equals(expected)) {
        throw new IllegalStateException("expected model " + expected + ", found " + found);
      }
    }
    return result;
  }

  /** Returns the bytes of the encoder's tensors. */
  private long needed() throws IOException {
    try (ZipFile zip = new ZipFile(checkpoint.toFile())) {
      return zip.stream()
          .filter(entry -> entry.getName().contains("/data/"))
          .mapToLong(entry -> entry.getSize())
          .filter(size -> size < BALLAST_TENSOR_BYTES)
          .sum();
    }
  }

  private void export(ObjectNode result, String uri, String name, long needed, int exitCode)
      throws IOException, InterruptedException {
    sent.set(0);
    requests.set(0);
    KilnChild.Use use =
        KilnChild.run(
            heap,
            List.of(
                "export",
                "--checkpoint=" + uri,
                "--platform=naip",
                "--overwrite",
                "--request-attempts=1",
                "-o",
                directory.resolve(name).toString()));
    if (use.exitCode() != exitCode) {
      throw new IllegalStateException(
          "kiln export: expected exit %d, found %d".formatted(exitCode, use.exitCode()));
    }
    result.put("exit_code", use.exitCode());
    result.put("seconds", use.seconds()).put("cpu_seconds", use.cpuSeconds());
    result.put("peak_rss_bytes", use.peakRssBytes());
    result.put("requests", requests.get()).put("bytes_sent", sent.get());
    result.put("bytes_sent_per_byte_needed", (double) sent.get() / needed);
  }

  private void serve(HttpExchange exchange) throws IOException {
    try (exchange) {
      requests.incrementAndGet();
      long size = Files.size(checkpoint);
      Matcher range =
          RANGE.matcher(exchange.getRequestHeaders().getOrDefault("Range", List.of("")).get(0));
      if (!range.matches() || sent.get() > allowance) {
        exchange.sendResponseHeaders(503, -1);
        return;
      }
      long at = Long.parseLong(range.group(1));
      long end = Math.min(size, Long.parseLong(range.group(2)) + 1);
      exchange.getResponseHeaders().set("ETag", "\"1\"");
      exchange
          .getResponseHeaders()
          .set("Content-Range", "bytes " + at + "-" + (end - 1) + "/" + size);
      exchange.sendResponseHeaders(206, end - at);
      WritableByteChannel body = Channels.newChannel(exchange.getResponseBody());
      try (FileChannel file = FileChannel.open(checkpoint)) {
        while (at < end) {
          long bytes = file.transferTo(at, end - at, body);
          at += bytes;
          sent.addAndGet(bytes);
        }
      }
    }
  }
}

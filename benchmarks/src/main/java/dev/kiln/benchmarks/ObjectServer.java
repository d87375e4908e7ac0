package dev.kiln.benchmarks;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Local HTTP server with range requests for the files of a directory, like a public S3 bucket. Runs
 * in its own process, so that its CPU time is not counted.
 */
final class ObjectServer implements AutoCloseable {
  private static final Pattern RANGE = Pattern.compile("bytes=(\\d+)-(\\d+)");

  private final Process process;
  private final URI endpoint;

  private ObjectServer(Process process, URI endpoint) {
    this.process = process;
    this.endpoint = endpoint;
  }

  /** Starts a server for a directory. */
  static ObjectServer start(Path directory) throws IOException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                ObjectServer.class.getName(),
                directory.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    BufferedReader output =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    String port = output.readLine();
    if (port == null) {
      throw new IOException("the object server did not start");
    }
    return new ObjectServer(process, URI.create("http://127.0.0.1:" + port));
  }

  URI endpoint() {
    return endpoint;
  }

  @Override
  public void close() {
    process.destroy();
  }

  public static void main(String[] arguments) throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newCachedThreadPool());
    server.createContext("/", exchange -> serve(Path.of(arguments[0]), exchange));
    server.start();
    System.out.println(server.getAddress().getPort());
  }

  private static void serve(Path directory, HttpExchange exchange) throws IOException {
    try (exchange) {
      Path file = directory.resolve(exchange.getRequestURI().getPath().substring(1));
      long size = Files.size(file);
      List<String> header = exchange.getRequestHeaders().getOrDefault("Range", List.of(""));
      Matcher range = RANGE.matcher(header.get(0));
      boolean partial = range.matches();
      long begin = partial ? Long.parseLong(range.group(1)) : 0;
      long end = partial ? Math.min(size, Long.parseLong(range.group(2)) + 1) : size;
      exchange.getResponseHeaders().set("ETag", "\"1\"");
      if (partial) {
        exchange
            .getResponseHeaders()
            .set("Content-Range", "bytes " + begin + "-" + (end - 1) + "/" + size);
      }
      exchange.sendResponseHeaders(partial ? 206 : 200, end - begin);
      try (FileChannel bytes = FileChannel.open(file)) {
        for (long at = begin; at < end; ) {
          at += bytes.transferTo(at, end - at, Channels.newChannel(exchange.getResponseBody()));
        }
      }
    }
  }
}

package dev.kiln.benchmarks;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.BufferedReader;
import java.io.File;
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
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/**
 * Local HTTP server with range requests for the files of a directory, like a public S3 bucket. Runs
 * in its own process, so that its CPU time is not counted.
 */
final class ObjectServer implements AutoCloseable {
  private static final Pattern RANGE = Pattern.compile("bytes=(\\d+)-(\\d+)");

  private static final String PASSWORD = "changeit";

  private final Process process;
  private final URI endpoint;
  private final Optional<URI> secureEndpoint;

  private ObjectServer(Process process, URI endpoint, Optional<URI> secureEndpoint) {
    this.process = process;
    this.endpoint = endpoint;
    this.secureEndpoint = secureEndpoint;
  }

  /** Starts a server for a directory. */
  static ObjectServer start(Path directory) throws IOException {
    return start(directory, Optional.empty());
  }

  /**
   * Starts a server that also speaks TLS.
   *
   * @param keys directory that receives a key and its certificate, {@code certificate.pem}
   */
  static ObjectServer startWithTls(Path directory, Path keys)
      throws IOException, InterruptedException {
    String store = keys.resolve("server.p12").toString();
    List<String> common = List.of("-alias", "a", "-keystore", store, "-storepass", PASSWORD);
    keytool(
        common,
        "-genkeypair -keyalg RSA -keysize 2048 -dname CN=localhost -storetype PKCS12"
            + " -ext san=dns:localhost,ip:127.0.0.1");
    keytool(common, "-exportcert -rfc -file " + keys.resolve("certificate.pem"));
    return start(directory, Optional.of(store));
  }

  private static void keytool(List<String> common, String options)
      throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(Path.of(System.getProperty("java.home"), "bin/keytool").toString()));
    command.addAll(List.of(options.split(" ")));
    command.addAll(common);
    Command.run(command.toArray(String[]::new));
  }

  private static ObjectServer start(Path directory, Optional<String> keys) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                ObjectServer.class.getName(),
                directory.toString()));
    keys.ifPresent(command::add);
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    BufferedReader output =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    String ports = output.readLine();
    if (ports == null) {
      throw new IOException("the object server did not start");
    }
    String[] numbers = ports.split(" ");
    return new ObjectServer(
        process,
        URI.create("http://127.0.0.1:" + numbers[0]),
        keys.map(file -> URI.create("https://127.0.0.1:" + numbers[1])));
  }

  URI endpoint() {
    return endpoint;
  }

  /** Returns the endpoint with TLS. */
  URI secureEndpoint() {
    return secureEndpoint.orElseThrow();
  }

  @Override
  public void close() {
    process.destroy();
  }

  public static void main(String[] arguments) throws IOException, GeneralSecurityException {
    InetSocketAddress free = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    Path directory = Path.of(arguments[0]);
    String ports = start(HttpServer.create(free, 0), directory);
    if (arguments.length > 1) {
      KeyStore keys = KeyStore.getInstance(new File(arguments[1]), PASSWORD.toCharArray());
      KeyManagerFactory managers =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      managers.init(keys, PASSWORD.toCharArray());
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(managers.getKeyManagers(), null, null);
      HttpsServer secure = HttpsServer.create(free, 0);
      secure.setHttpsConfigurator(new HttpsConfigurator(context));
      ports += " " + start(secure, directory);
    }
    System.out.println(ports);
  }

  private static String start(HttpServer server, Path directory) {
    server.setExecutor(Executors.newCachedThreadPool());
    server.createContext("/", exchange -> serve(directory, exchange));
    server.start();
    return Integer.toString(server.getAddress().getPort());
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

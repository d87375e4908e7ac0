package dev.kiln.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.ConfigurationException;
import dev.kiln.testing.RangeServer;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpHeaders;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Servers that send every form of body, proxies, and faults that no store's test covers. */
@Timeout(60)
class HttpClientTest {
  private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

  /** A server or proxy that is played by a function for each request of each connection. */
  private static final class Played implements AutoCloseable {
    interface Play {
      /** Answers a request; returns whether the connection stays open. */
      boolean answer(String head, Socket socket) throws IOException;
    }

    final ServerSocket listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    final List<String> heads = new CopyOnWriteArrayList<>();
    final AtomicInteger connections = new AtomicInteger();

    Played(Play play) throws IOException {
      start(
          () -> {
            while (true) {
              Socket socket = listening.accept();
              connections.incrementAndGet();
              start(() -> serve(socket, play));
            }
          });
    }

    private void serve(Socket socket, Play play) throws IOException {
      try (socket) {
        BufferedReader in =
            new BufferedReader(
                new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1), 1);
        boolean open = true;
        while (open) {
          StringBuilder head = new StringBuilder();
          for (String line = in.readLine(); line != null && !line.isEmpty(); line = in.readLine()) {
            head.append(line).append('\n');
          }
          if (head.length() == 0) {
            return;
          }
          heads.add(head.toString());
          open = play.answer(head.toString(), socket);
        }
      }
    }

    URI url() {
      return URI.create("http://127.0.0.1:" + listening.getLocalPort() + "/a?b=%20c");
    }

    @Override
    public void close() throws IOException {
      listening.close();
    }
  }

  private interface Task {
    void run() throws IOException;
  }

  private static void start(Task task) {
    Thread thread =
        new Thread(
            () -> {
              try {
                task.run();
              } catch (IOException e) {
                // The test has ended.
              }
            });
    thread.setDaemon(true);
    thread.start();
  }

  private static boolean send(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
    socket.getOutputStream().flush();
    return true;
  }

  private static HttpClient client(Map<String, String> environment, Optional<Path> certificates) {
    return new HttpClient(
        new HttpClientOptions(
            Duration.ofSeconds(10), Duration.ofSeconds(2), certificates, environment));
  }

  private static HttpClient client() {
    return client(Map.of(), Optional.empty());
  }

  /** Sends a GET request and returns the body. */
  private static String get(HttpClient client, URI url) throws Exception {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    CompletableFuture<Void> sent =
        client.send(
            new HttpRequest("GET", url, Map.of(), List.of()),
            new HttpResponse() {
              @Override
              public void begin(int status, HttpHeaders headers) {
                assertThat(status).isEqualTo(200);
              }

              @Override
              public void accept(ByteBuffer bytes) {
                byte[] copy = new byte[bytes.remaining()];
                bytes.get(copy);
                body.writeBytes(copy);
              }
            });
    try {
      sent.get();
    } catch (ExecutionException e) {
      throw (Exception) e.getCause();
    }
    return body.toString(StandardCharsets.ISO_8859_1);
  }

  @Test
  void connectionsAreUsedAgain() throws Exception {
    try (Played server = new Played((head, socket) -> send(socket, OK));
        HttpClient client = client()) {
      for (int i = 0; i < 5; i++) {
        assertThat(get(client, server.url())).isEqualTo("ok");
      }
      assertThat(server.connections).hasValue(1);
      assertThat(server.heads.get(4))
          .startsWith("GET /a?b=%20c HTTP/1.1\n")
          .containsIgnoringCase("host: 127.0.0.1:" + server.listening.getLocalPort())
          .doesNotContainIgnoringCase("content-length");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "'HTTP/1.1 200 OK\r\n"
        + "Transfer-Encoding: chunked\r\n\r\n"
        + "3\r\n"
        + "abc\r\n"
        + "2\r\n"
        + "de\r\n"
        + "0\r\n\r\n"
        + "', abcde, 1",
    "'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx', x, 1",
    "'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx', x, 2",
    "'HTTP/1.0 200 OK\r\n\r\nto the end', to the end, 2",
  })
  void everyFormOfBodyIsRead(String response, String body, int connections) throws Exception {
    try (Played server =
            new Played(
                (head, socket) -> {
                  send(socket, response);
                  return connections == 1;
                });
        HttpClient client = client()) {
      assertThat(get(client, server.url())).isEqualTo(body);
      assertThat(get(client, server.url())).isEqualTo(body);
      assertThat(server.connections).hasValue(connections);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc', closed the connection",
    "'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab', closed the connection",
    "'SSH-2.0-OpenSSH_9.2\r\n', malformed response",
    "'', closed the connection",
  })
  void brokenResponsesAreErrors(String response, String message) throws Exception {
    try (Played server =
            new Played(
                (head, socket) -> {
                  send(socket, response);
                  return false;
                });
        HttpClient client = client()) {
      assertThatThrownBy(() -> get(client, server.url()))
          .isInstanceOf(IOException.class)
          .hasMessageContaining(message);
    }
  }

  /** A receiver that has memory for the first bytes that come straight from the socket. */
  private static final class Placing implements HttpResponse {
    final ByteBuffer memory = ByteBuffer.allocateDirect(1 << 20);
    final ByteArrayOutputStream accepted = new ByteArrayOutputStream();
    final Semaphore started;
    int places;

    Placing(Semaphore started, int places) {
      this.started = started;
      this.places = places;
    }

    @Override
    public void begin(int status, HttpHeaders headers) {
      started.release();
    }

    @Override
    public void accept(ByteBuffer bytes) {
      byte[] copy = new byte[bytes.remaining()];
      bytes.get(copy);
      accepted.writeBytes(copy);
    }

    @Override
    public int receive(ReadableByteChannel source, int limit) throws IOException {
      if (places == 0) {
        return NO_MEMORY;
      }
      places--;
      return source.read(memory.limit(memory.position() + limit));
    }

    String placed() {
      byte[] copy = new byte[memory.position()];
      memory.flip().get(copy);
      return new String(copy, StandardCharsets.ISO_8859_1);
    }
  }

  private static Placing receive(
      HttpClient client, Semaphore started, String method, URI url, int places) throws Exception {
    Placing response = new Placing(started, places);
    client.send(new HttpRequest(method, url, Map.of(), List.of()), response).get();
    return response;
  }

  /** Bytes of a body of known length go to the receiver, and no others do. */
  @Test
  void bodiesArePlacedByTheReceiver() throws Exception {
    Map<String, List<String>> pieces =
        Map.of(
            "/known",
            List.of("HTTP/1.1 206 Partial Content\r\nContent-Length: 6\r\n\r\na", "bcdef"),
            "/chunked",
            List.of(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab", "c\r\n0\r\n\r\n"),
            "/error",
            List.of("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n", "no"),
            "/head",
            List.of("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n"));
    Semaphore started = new Semaphore(0);
    try (Played server =
            new Played(
                (head, socket) -> {
                  // The rest is sent after the head has arrived.
                  List<String> all = pieces.get(head.split(" ")[1]);
                  send(socket, all.get(0));
                  started.acquireUninterruptibly();
                  return send(socket, String.join("", all.subList(1, all.size())));
                });
        HttpClient client = client()) {
      Placing known = receive(client, started, "GET", server.url().resolve("/known"), 100);
      assertThat(known.accepted + known.placed()).isEqualTo("abcdef");
      assertThat(known.places).isLessThan(100);
      Placing some = receive(client, started, "GET", server.url().resolve("/known"), 1);
      assertThat(some.accepted.toString().length() + some.placed().length()).isEqualTo(6);
      for (String other : List.of("/chunked", "/error")) {
        Placing none = receive(client, started, "GET", server.url().resolve(other), 100);
        assertThat(none.places).isEqualTo(100);
        assertThat(none.accepted).hasToString(other.equals("/error") ? "no" : "abc");
      }
      assertThat(receive(client, started, "HEAD", server.url().resolve("/head"), 100).places)
          .isEqualTo(100);
      // The codec has counted every byte: the connection is still in use.
      assertThat(receive(client, started, "GET", server.url().resolve("/known"), 100).placed())
          .endsWith("f");
      assertThat(server.connections).hasValue(1);
    }
  }

  @Test
  void serversWithoutConnectionsAreForgotten() throws Exception {
    try (HttpClient client = client()) {
      for (int i = 0; i < 3; i++) {
        try (Played server =
            new Played(
                (head, socket) -> {
                  send(socket, OK);
                  return false;
                })) {
          assertThat(get(client, server.url())).isEqualTo("ok");
        }
      }
      while (client.idleServers() > 0) {
        Thread.sleep(5);
      }
      try (Played server = new Played((head, socket) -> send(socket, OK))) {
        assertThat(get(client, server.url())).isEqualTo("ok");
        assertThat(client.idleServers()).isEqualTo(1);
      }
    }
  }

  @Test
  void slowResponsesAreNoStalls() throws Exception {
    try (Played server =
            new Played(
                (head, socket) -> {
                  boolean stall = head.contains("/stall");
                  send(socket, "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n");
                  for (int i = 0; i < 8; i++) {
                    send(socket, "x");
                    try {
                      Thread.sleep(stall ? 60_000 : 400);
                    } catch (InterruptedException e) {
                      return false;
                    }
                  }
                  return true;
                });
        HttpClient client = client()) {
      assertThat(get(client, server.url())).isEqualTo("xxxxxxxx");
      assertThatThrownBy(() -> get(client, server.url().resolve("/stall")))
          .isInstanceOf(HttpTimeoutException.class)
          .hasMessage("no byte for 2 s");
    }
  }

  @Test
  void httpIsForwardedByTheProxyOfTheEnvironment() throws Exception {
    try (Played proxy = new Played((head, socket) -> send(socket, OK));
        Played direct = new Played((head, socket) -> send(socket, OK))) {
      String address = "127.0.0.1:" + proxy.listening.getLocalPort();
      try (HttpClient client =
          client(
              Map.of("http_proxy", "http://us%40er:pw@" + address, "NO_PROXY", "a.b,127.0.0.1"),
              Optional.empty())) {
        assertThat(get(client, URI.create("http://store.invalid:81/a?b"))).isEqualTo("ok");
        assertThat(get(client, direct.url())).isEqualTo("ok");
      }
      assertThat(proxy.heads).hasSize(1);
      assertThat(proxy.heads.get(0))
          .startsWith("GET http://store.invalid:81/a?b HTTP/1.1\n")
          .containsIgnoringCase("host: store.invalid:81")
          .containsIgnoringCase("proxy-authorization: Basic dXNAZXI6cHc=");
      assertThat(direct.heads.get(0)).doesNotContain("authorization");
    }
  }

  @Test
  void httpsIsTunnelledAndTheCertificateMustBeForTheHost(@TempDir Path directory) throws Exception {
    try (RangeServer server = RangeServer.startTls(directory);
        Played proxy =
            new Played(
                (head, socket) -> {
                  send(socket, "HTTP/1.1 200 Connected\r\n\r\n");
                  tunnel(socket, server.port());
                  return false;
                })) {
      server.put("object", "tunnelled".getBytes(StandardCharsets.UTF_8));
      String address = "127.0.0.1:" + proxy.listening.getLocalPort();
      try (HttpClient client =
          client(
              Map.of("HTTPS_PROXY", address), Optional.of(directory.resolve("certificate.pem")))) {
        assertThat(get(client, URI.create("https://localhost:7/object"))).isEqualTo("tunnelled");
        assertThat(proxy.heads.get(0)).startsWith("CONNECT localhost:7 HTTP/1.1\n");
        assertThatThrownBy(() -> get(client, URI.create("https://other.invalid:7/object")))
            .isInstanceOf(IOException.class)
            .hasRootCauseInstanceOf(CertificateException.class);
      }
    }
  }

  private static void tunnel(Socket client, int port) throws IOException {
    Socket server = new Socket(InetAddress.getLoopbackAddress(), port);
    start(
        () -> {
          try (client;
              server) {
            server.getInputStream().transferTo(client.getOutputStream());
          }
        });
    InputStream in = client.getInputStream();
    OutputStream out = server.getOutputStream();
    in.transferTo(out);
  }

  @Test
  void refusedTunnelsAndMalformedProxiesAreNamed() throws Exception {
    try (Played proxy =
        new Played(
            (head, socket) ->
                send(socket, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"))) {
      String address = "http://127.0.0.1:" + proxy.listening.getLocalPort();
      try (HttpClient client = client(Map.of("HTTPS_PROXY", address), Optional.empty())) {
        assertThatThrownBy(() -> get(client, URI.create("https://store.invalid/")))
            .isInstanceOf(IOException.class)
            .hasMessageContaining("403");
      }
    }
    try (HttpClient client =
        client(Map.of("HTTPS_PROXY", "socks://x:secret@y"), Optional.empty())) {
      assertThatThrownBy(() -> get(client, URI.create("https://store.invalid/")))
          .isInstanceOf(ConfigurationException.class)
          .hasMessage("HTTPS_PROXY: expected http://HOST:PORT, found another value");
    }
  }
}

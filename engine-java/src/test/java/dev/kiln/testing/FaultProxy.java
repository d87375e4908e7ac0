package dev.kiln.testing;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A proxy between a client and an HTTP server that records every request and breaks responses as
 * planned. Uses one connection to the server per request.
 */
public final class FaultProxy implements AutoCloseable {
  /** A request: {@code GET /bucket/key}, its headers, and its number, from 0. */
  public record Request(int number, String method, String path, List<String> headers) {
    /** Returns the value of a header; empty if there is none. */
    public String header(String name) {
      String start = name.toLowerCase(Locale.ROOT) + ":";
      return headers.stream()
          .filter(h -> h.toLowerCase(Locale.ROOT).startsWith(start))
          .findFirst()
          .map(h -> h.substring(start.length()).strip())
          .orElse("");
    }

    @Override
    public String toString() {
      return number + " " + method + " " + path + " " + header("range");
    }
  }

  /** The fault of a request. */
  public interface Fault {
    /** No fault. */
    Fault NONE = link -> link.forward(Long.MAX_VALUE);

    /** The connection is reset before the response. */
    Fault RESET = Link::reset;

    void apply(Link link) throws IOException, InterruptedException;

    /** The connection is closed after this many bytes of the response. */
    static Fault cutAfter(long bytes) {
      return link -> link.forward(bytes);
    }

    /** The connection is reset after this many bytes of the response. */
    static Fault resetAfter(long bytes) {
      return link -> {
        link.forward(bytes);
        link.reset();
      };
    }

    /** Nothing follows these bytes of the response. */
    static Fault stallAfter(long bytes) {
      return link -> {
        link.forward(bytes);
        link.hang();
      };
    }

    /** An S3 error instead of the response. */
    static Fault error(int status, String code) {
      return link -> link.answer(status, code);
    }
  }

  /** Chooses the fault of a request. */
  public interface Plan {
    Fault of(Request request) throws IOException;
  }

  private final int target;
  private final ServerSocket listener;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final List<Request> requests = new CopyOnWriteArrayList<>();
  private final List<Socket> sockets = new CopyOnWriteArrayList<>();
  private volatile Plan plan = request -> Fault.NONE;

  /**
   * Starts a proxy.
   *
   * @param target port of the server on this machine
   */
  public FaultProxy(int target) throws IOException {
    this.target = target;
    this.listener = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
    threads.execute(this::listen);
  }

  public URI endpoint() {
    return URI.create("http://127.0.0.1:" + listener.getLocalPort());
  }

  /** Sets the plan from the next request on, and forgets earlier requests. */
  public void plan(Plan next) {
    requests.clear();
    plan = next;
  }

  /** Returns the requests since the last {@link #plan}. */
  public List<Request> requests() {
    return List.copyOf(requests);
  }

  private void listen() {
    try {
      while (true) {
        Socket client = listener.accept();
        sockets.add(client);
        threads.execute(() -> serve(client));
      }
    } catch (IOException end) {
      // The proxy was closed.
    }
  }

  private void serve(Socket client) {
    try (client) {
      InputStream in = new BufferedInputStream(client.getInputStream());
      for (List<String> head = head(in); !head.isEmpty(); head = head(in)) {
        String[] line = head.get(0).split(" ");
        Request request;
        synchronized (this) {
          request = new Request(requests.size(), line[0], line[1], head.subList(1, head.size()));
          requests.add(request);
        }
        byte[] body = in.readNBytes(length(request));
        Link link = new Link(request, head, body, client);
        plan.of(request).apply(link);
        if (!link.whole) {
          return;
        }
      }
    } catch (IOException | InterruptedException broken) {
      // The client disconnected, or the test has ended.
    }
  }

  private static int length(Request request) {
    String length = request.header("content-length");
    return length.isEmpty() ? 0 : Integer.parseInt(length);
  }

  private static List<String> head(InputStream in) throws IOException {
    List<String> lines = new ArrayList<>();
    for (String line = line(in); !line.isEmpty(); line = line(in)) {
      lines.add(line);
    }
    return lines;
  }

  private static String line(InputStream in) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int b = in.read(); b >= 0 && b != '\n'; b = in.read()) {
      if (b != '\r') {
        line.write(b);
      }
    }
    return line.toString(StandardCharsets.UTF_8);
  }

  /** A request in progress. */
  public final class Link {
    private final Request request;
    private final List<String> head;
    private final byte[] body;
    private final Socket client;
    private boolean whole;

    private Link(Request request, List<String> head, byte[] body, Socket client) {
      this.request = request;
      this.head = head;
      this.body = body;
      this.client = client;
    }

    public Request request() {
      return request;
    }

    /**
     * Sends the request to the server and forwards the response, or the first {@code limit} bytes
     * of its body.
     */
    public void forward(long limit) throws IOException {
      forward(limit, true);
    }

    /** Asks the server, and passes the answer on or drops it. */
    public void forward(long limit, boolean answered) throws IOException {
      try (Socket server = new Socket(InetAddress.getLoopbackAddress(), target)) {
        OutputStream question = server.getOutputStream();
        write(question, head);
        question.write(body);
        question.flush();
        InputStream answer = new BufferedInputStream(server.getInputStream());
        OutputStream out = client.getOutputStream();
        List<String> answerHead = head(answer);
        while (!answerHead.isEmpty() && answerHead.get(0).contains(" 100 ")) {
          answerHead = head(answer);
        }
        if (answerHead.isEmpty()) {
          // The server closed the connection: the client gets no answer.
          return;
        }
        if (!answered) {
          // Whole, because a server can send the head before it has done its work.
          copy(answer, bodyLength(answerHead), OutputStream.nullOutputStream(), Long.MAX_VALUE);
          return;
        }
        write(out, answerHead);
        whole = copy(answer, bodyLength(answerHead), out, limit);
        out.flush();
      }
    }

    private void write(OutputStream out, List<String> lines) throws IOException {
      String text = String.join("\r\n", lines) + "\r\n\r\n";
      out.write(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Returns the length of the response's body, or −1 if it is chunked. */
    private long bodyLength(List<String> answerHead) {
      if (head.get(0).startsWith("HEAD")) {
        return 0;
      }
      Request answer = new Request(0, "", "", answerHead);
      String length = answer.header("content-length");
      return length.isEmpty()
          ? answer.header("transfer-encoding").isEmpty() ? 0 : -1
          : Long.parseLong(length);
    }

    /** Returns whether the whole body was forwarded. */
    private static boolean copy(InputStream in, long length, OutputStream out, long limit)
        throws IOException {
      if (length < 0) {
        for (String size = line(in); ; size = line(in)) {
          long chunk = Long.parseLong(size, 16);
          out.write((size + "\r\n").getBytes(StandardCharsets.UTF_8));
          copy(in, chunk + 2, out, Long.MAX_VALUE);
          if (chunk == 0) {
            return true;
          }
        }
      }
      byte[] buffer = new byte[1 << 16];
      long left = Math.min(length, limit);
      while (left > 0) {
        int n = in.read(buffer, 0, (int) Math.min(buffer.length, left));
        if (n < 0) {
          return false;
        }
        out.write(buffer, 0, n);
        left -= n;
      }
      return length <= limit;
    }

    /** Resets the connection. */
    public void reset() throws IOException {
      client.setSoLinger(true, 0);
      client.close();
    }

    /** Keeps the connection open and sends nothing. */
    public void hang() throws InterruptedException {
      closed.await();
    }

    /** Sends a response instead of the server's. */
    public void answer(int status, String code) throws IOException {
      String xml =
          "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>%s</Code>".formatted(code)
              + "<Message>injected</Message><RequestId>1</RequestId></Error>";
      String text =
          "HTTP/1.1 %d Injected\r\nContent-Type: application/xml\r\nContent-Length: %d\r\n\r\n%s"
              .formatted(status, head.get(0).startsWith("HEAD") ? 0 : xml.length(), xml);
      String sent = head.get(0).startsWith("HEAD") ? text.substring(0, text.indexOf("<?")) : text;
      client.getOutputStream().write(sent.getBytes(StandardCharsets.UTF_8));
      client.getOutputStream().flush();
      whole = true;
    }
  }

  @Override
  public void close() throws IOException {
    closed.countDown();
    listener.close();
    for (Socket socket : sockets) {
      socket.close();
    }
    threads.shutdownNow();
  }
}

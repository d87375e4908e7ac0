package dev.kiln.logging;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.encoder.EncoderBase;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.Map;
import org.slf4j.event.KeyValuePair;
import tools.jackson.databind.json.JsonMapper;

/** Writes an event as a line, in the format that {@link Logging} has at that moment. */
final class LineEncoder extends EncoderBase<ILoggingEvent> {
  private static final DateTimeFormatter LOCAL_TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss").withZone(ZoneId.systemDefault());

  @Override
  public byte[] encode(ILoggingEvent event) {
    String line = Logging.format() == Logging.Format.JSON ? json(event) : text(event);
    return SecretMask.of(line).getBytes(StandardCharsets.UTF_8);
  }

  private static String text(ILoggingEvent event) {
    StringBuilder line =
        new StringBuilder(LOCAL_TIME.format(time(event)))
            .append(' ')
            .append(event.getLevel())
            .append(' ');
    event.getFormattedMessage().codePoints().forEach(c -> appendVisible(line, c));
    line.append(System.lineSeparator());
    if (event.getThrowableProxy() != null) {
      line.append(ThrowableProxyUtil.asString(event.getThrowableProxy()));
    }
    return line.toString();
  }

  /** Escapes control characters, which could fake lines or drive a terminal. */
  private static void appendVisible(StringBuilder line, int c) {
    if (Character.isISOControl(c) && c != '\n' && c != '\t') {
      line.append(String.format("\\u%04x", c));
    } else {
      line.appendCodePoint(c);
    }
  }

  /** Returns a JSON object whose own fields come first; JSON escapes control characters. */
  private static String json(ILoggingEvent event) {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("time", time(event).toString());
    line.put("level", event.getLevel().toString());
    line.putAll(Logging.fields());
    line.putAll(event.getMDCPropertyMap());
    if (event.getKeyValuePairs() != null) {
      for (KeyValuePair pair : event.getKeyValuePairs()) {
        line.put(pair.key, pair.value);
      }
    }
    line.put("logger", event.getLoggerName());
    line.put("thread", event.getThreadName());
    line.put("message", event.getFormattedMessage());
    if (event.getThrowableProxy() != null) {
      line.put("exception", ThrowableProxyUtil.asString(event.getThrowableProxy()));
    }
    return JsonMapper.shared().writeValueAsString(line) + "\n";
  }

  private static Instant time(ILoggingEvent event) {
    return Instant.ofEpochMilli(event.getTimeStamp());
  }

  @Override
  public byte[] headerBytes() {
    return new byte[0];
  }

  @Override
  public byte[] footerBytes() {
    return new byte[0];
  }
}

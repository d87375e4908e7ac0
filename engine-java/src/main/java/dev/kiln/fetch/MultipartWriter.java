package dev.kiln.fetch;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Writes an object: with one request if it is small, otherwise in parts as they are full. */
final class MultipartWriter extends ObjectWriter {
  private final Uploads upload;
  private final String key;
  private final String uri;
  private ByteArrayOutputStream buffered = new ByteArrayOutputStream();
  private Uploads.Parts parts;

  /**
   * Starts an object.
   *
   * @param key in the bucket
   * @param uri for messages
   */
  MultipartWriter(Uploads upload, String key, String uri) {
    this.upload = upload;
    this.key = key;
    this.uri = uri;
  }

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    buffered.write(bytes, offset, length);
    if (buffered.size() > Uploads.LARGE_BYTES) {
      sendFullParts();
    }
  }

  private void sendFullParts() throws IOException {
    byte[] bytes = buffered.toByteArray();
    int sent = bytes.length / Uploads.PART_BYTES * Uploads.PART_BYTES;
    Requests.send(
        uri,
        () -> {
          if (parts == null) {
            parts = upload.start(key);
          }
          for (int at = 0; at < sent; at += Uploads.PART_BYTES) {
            parts.add(ByteBuffer.wrap(bytes, at, Uploads.PART_BYTES));
          }
          return null;
        });
    upload.sent(sent);
    buffered = new ByteArrayOutputStream();
    buffered.write(bytes, sent, bytes.length - sent);
  }

  @Override
  public void complete() throws IOException {
    if (parts == null) {
      Requests.send(
          uri,
          () -> {
            upload.put(key, buffered.toByteArray());
            return null;
          });
    } else {
      sendFullParts();
      byte[] last = buffered.toByteArray();
      Requests.send(
          uri,
          () -> {
            if (last.length > 0) {
              parts.add(ByteBuffer.wrap(last));
            }
            parts.complete();
            return null;
          });
      upload.sent(last.length);
      parts = null;
    }
    buffered = new ByteArrayOutputStream(0);
  }

  @Override
  public void close() {
    if (parts != null) {
      parts.abort();
      parts = null;
    }
    buffered = new ByteArrayOutputStream(0);
  }
}

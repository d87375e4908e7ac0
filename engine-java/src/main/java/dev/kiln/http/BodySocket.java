package dev.kiln.http;

import io.netty.buffer.ByteBuf;
import io.netty.channel.socket.nio.NioSocketChannel;

/** A socket without TLS, whose connection may receive the bytes of a body where they belong. */
final class BodySocket extends NioSocketChannel {
  private final Connection connection;

  /**
   * Creates a socket that is not connected yet.
   *
   * @param connection for which it is
   */
  BodySocket(Connection connection) {
    this.connection = connection;
  }

  /**
   * Reads bytes. Of those that the connection receives itself, only the number goes through the
   * pipeline: they are not in the buffer, and the codec looks at no byte of a body of known length.
   */
  @Override
  protected int doReadBytes(ByteBuf buffer) throws Exception {
    int room = buffer.writableBytes();
    int count = connection.receive(javaChannel(), room);
    if (count == HttpResponse.NO_MEMORY) {
      return super.doReadBytes(buffer);
    }
    unsafe().recvBufAllocHandle().attemptedBytesRead(room);
    buffer.writerIndex(buffer.writerIndex() + Math.max(0, count));
    return count;
  }
}

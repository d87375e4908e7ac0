package dev.kiln.cuda;

/** Captured work, ready to run. The owner closes it; a second close does nothing. */
public interface GpuGraph extends AutoCloseable {
  @Override
  void close();
}

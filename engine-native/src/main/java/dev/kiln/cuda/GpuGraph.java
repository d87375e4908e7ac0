package dev.kiln.cuda;

/** Captured work that can be launched. The owner closes it; a second close does nothing. */
public interface GpuGraph extends AutoCloseable {
  @Override
  void close();
}

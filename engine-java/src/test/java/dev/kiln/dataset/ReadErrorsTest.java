package dev.kiln.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.ConfigurationException;
import dev.kiln.fetch.StoreOptions;
import dev.kiln.fetch.UnavailableException;
import dev.kiln.sink.EmbeddingFile;
import dev.kiln.sink.ParquetBytes;
import dev.kiln.testing.TestDataset;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReadErrorsTest {
  @TempDir private Path dir;

  /** Returns what a reader of files makes of an error of its bytes. */
  private static Exception read(IOException error) {
    ParquetBytes failing =
        new ParquetBytes() {
          @Override
          public String name() {
            return "s3://bucket/a.parquet";
          }

          @Override
          public long size() {
            return 1000;
          }

          @Override
          public ByteBuffer read(long offset, int length) throws IOException {
            throw error;
          }

          @Override
          public void close() {}
        };
    try {
      EmbeddingFile.open(failing);
    } catch (ConfigurationException e) {
      return e;
    }
    throw new AssertionError("no error");
  }

  @Test
  void anErrorOfTheFileReturns() {
    for (IOException error :
        new IOException[] {new EOFException("the file ends"), new AccessDeniedException("a")}) {
      assertThatCode(() -> ReadErrors.requireOfTheFile(read(error))).doesNotThrowAnyException();
      assertThatCode(() -> ReadErrors.requireOfTheFile(error)).doesNotThrowAnyException();
    }
  }

  @Test
  void anOutageAnInterruptionAndWrongSettingsAreWhatTheyAre() {
    UnavailableException outage = new UnavailableException("s3://bucket/a", "timeout", null);
    assertThatThrownBy(() -> ReadErrors.requireOfTheFile(read(outage))).isSameAs(outage);
    assertThatThrownBy(() -> ReadErrors.requireOfTheFile(read(new ClosedByInterruptException())))
        .isInstanceOf(InterruptedException.class);
    ConfigurationException settings = new ConfigurationException("the credentials have expired");
    assertThatThrownBy(
            () -> ReadErrors.requireOfTheFile(read(new ReadErrors.SettingsException(settings))))
        .isSameAs(settings);
  }

  @Test
  void anInterruptedReaderReportsNoDamagedFile() throws Exception {
    TestDataset dataset = new TestDataset(dir);
    dataset.scene("a").write();
    try (EmbeddingFiles files = EmbeddingFiles.open(dataset.uri(), StoreOptions.standard())) {
      EmbeddingReader reader = EmbeddingReader.builder(files).build();
      Thread.currentThread().interrupt();

      assertThatThrownBy(() -> reader.read(batch -> {})).isInstanceOf(InterruptedException.class);
      assertThat(reader.read(batch -> {}).faults()).isEmpty();
    }
  }

  @Test
  void reasonsAreOneLineWithoutThePath() {
    assertThat(ReadErrors.reason(new NoSuchFileException("/a")))
        .isEqualTo("the file does not exist any more");
    assertThat(ReadErrors.reason(new AccessDeniedException("/a"))).isEqualTo("permission denied");
    assertThat(ReadErrors.reason(new UnavailableException("s3://b/a", "timeout", null)))
        .isEqualTo("timeout");
    assertThat(ReadErrors.reason(new IOException("first\nsecond"))).isEqualTo("first");
  }
}

package dev.kiln.run;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.kiln.archive.ListingStats;
import dev.kiln.testing.GoogleServer;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;

@Timeout(60)
class ImageFilesTest {
  private final Logger logger = (Logger) LoggerFactory.getLogger(ImageFiles.class);
  private final ListAppender<ILoggingEvent> lines = new ListAppender<>();

  @BeforeEach
  void listen() {
    lines.start();
    logger.addAppender(lines);
  }

  @AfterEach
  void stop() {
    logger.detachAppender(lines);
  }

  @Test
  void filesBesideImagesInBucketsAreNamedInAWarning() throws Exception {
    try (GoogleServer server = GoogleServer.start()) {
      Map<String, byte[]> bucket = server.container("bucket");
      for (String key :
          new String[] {
            "d/a.tif",
            "d/a.tif.msk",
            "d/b.tif",
            "d/b.tif.msk",
            "d/b.tif.aux.xml",
            "d/gone.tif.msk",
            "d/other.txt"
          }) {
        bucket.put(key, new byte[] {1});
      }

      ImageFiles found =
          ImageFiles.in(
              "gs://bucket/d", GoogleServer.options(server.endpoint()), new ListingStats());

      assertThat(found.keys()).containsExactly("a.tif", "b.tif");
      assertThat(lines.list)
          .extracting(ILoggingEvent::getFormattedMessage)
          .containsExactly(
              "masks beside files are read in directories only; write them into the files with"
                  + " gdal_translate: files=2 first=a.tif.msk",
              "descriptions beside files are read in directories only; write them into the files"
                  + " with gdal_translate: files=1 first=b.tif.aux.xml");
    }
  }
}

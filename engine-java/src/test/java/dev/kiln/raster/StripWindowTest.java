package dev.kiln.raster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.raster.StripWindow.Span;
import java.util.List;
import org.junit.jupiter.api.Test;

class StripWindowTest {
  @Test
  void joinsSpansThatShareATile() {
    List<Span> spans =
        List.of(new Span(0, 256), new Span(512, 768), new Span(1024, 1280), new Span(2048, 2304));
    StripWindow window =
        new StripWindow(0, 1024, 0, 4096, new Span(0, 4), new Span(0, 16), spans, true);

    assertThat(window.joined(256)).isEqualTo(spans);
    assertThat(window.joined(512)).isEqualTo(spans);
    assertThat(window.joined(1024))
        .containsExactly(new Span(0, 768), new Span(1024, 1280), new Span(2048, 2304));
    assertThat(window.joined(2048)).containsExactly(new Span(0, 1280), new Span(2048, 2304));
    assertThat(window.joined(600))
        .as("from tile to tile")
        .containsExactly(new Span(0, 1280), new Span(2048, 2304));
  }

  @Test
  void tilesStartAtTheLeftEdgeOfTheImageAndNotOfTheStrip() {
    List<Span> spans = List.of(new Span(0, 256), new Span(512, 768));
    StripWindow window =
        new StripWindow(0, 1024, 512, 4096, new Span(0, 4), new Span(2, 18), spans, true);

    assertThat(window.joined(1024)).isEqualTo(spans);
    assertThat(window.joined(2048)).containsExactly(new Span(0, 768));
  }
}

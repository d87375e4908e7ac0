package dev.kiln.sample;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.memory.HostBuffer;
import java.util.Arrays;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;

class LandscapeTest {
  private static final NaipScene SCENE = NaipScene.first(3).get(2);
  private static final Window WINDOW = new Window(716_200, 3_633_000, 0.6, 300, 200);

  private static byte[] paint(Window window, int firstRow, int rows, long seed) {
    int bytes = 4 * window.width() * rows;
    try (HostBuffer strip = HostBuffer.allocate("test", bytes)) {
      new NaipPainter(SCENE, window, seed).paint(firstRow, rows, strip);
      byte[] pixels = new byte[bytes];
      strip.slice(0, bytes).get(pixels);
      return pixels;
    }
  }

  @Test
  void isIdenticalOnAllMachines() {
    CRC32 checksum = new CRC32();
    checksum.update(paint(WINDOW, 0, 200, 7));

    assertThat(checksum.getValue()).isEqualTo(4_144_185_512L);
  }

  @Test
  void doesNotDependOnTheStrips() {
    byte[] whole = paint(WINDOW, 0, 200, 7);
    int at = 96;
    byte[] upper = paint(WINDOW, 0, at, 7);
    byte[] lower = paint(WINDOW, at, 200 - at, 7);

    assertThat(upper).isEqualTo(Arrays.copyOf(whole, upper.length));
    assertThat(lower).isEqualTo(Arrays.copyOfRange(whole, upper.length, whole.length));
  }

  @Test
  void differsBetweenSeeds() {
    assertThat(paint(WINDOW, 0, 32, 7)).isNotEqualTo(paint(WINDOW, 0, 32, 8));
  }

  @Test
  void noiseIsSmoothAndBounded() {
    Noise noise = new Noise(7, "test");
    float before = noise.at(0, 0);
    for (int i = 1; i < 3_000; i++) {
      float now = noise.at(i / 100.0, -i / 300.0);
      assertThat(now).isBetween(-1.2f, 1.2f);
      assertThat(Math.abs(now - before)).isLessThan(0.1f);
      before = now;
    }
  }

  @Test
  void parcelsKnowTheirEdges() {
    Mosaic parcels = new Mosaic(7, "test", 100, 0.5f);
    int crossings = 0;
    parcels.locate(0, 50);
    int before = parcels.cell();
    for (int x = 1; x < 3000; x++) {
      float edge = parcels.edge();
      parcels.locate(x, 50);
      if (parcels.cell() != before) {
        crossings++;
        assertThat(edge).isLessThan(1.5f);
        before = parcels.cell();
      }
      assertThat(parcels.edge()).isBetween(0f, 100f);
    }
    assertThat(crossings).isBetween(20, 45);
  }
}

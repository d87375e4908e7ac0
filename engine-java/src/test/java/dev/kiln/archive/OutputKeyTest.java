package dev.kiln.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OutputKeyTest {
  @ParameterizedTest
  @CsvSource({
    "x.tif, x.parquet",
    "nd/2018/60cm/rgbir_cog/47099/m_4.tif, nd/2018/60cm/rgbir_cog/47099/m_4.parquet",
    "s2/20/H/NJ/2024/3/S2A_L2A/S2A_L2A.json, s2/20/H/NJ/2024/3/S2A_L2A/S2A_L2A.parquet",
    "a/scene, a/scene.parquet",
    "a.b/scene, a.b/scene.parquet",
    "a.b/scene.v1.tif, a.b/scene.v1.parquet",
    "a/.tif, a/.tif.parquet",
    "a/scene., a/scene..parquet",
    "a/LC08.T1, a/LC08.T1.parquet",
    "a/LC08.T2, a/LC08.T2.parquet",
    "a/x.geojson, a/x.parquet",
    "a/x.TIFF, a/x.parquet",
    "s3://bucket/a/x.json, bucket/a/x.parquet",
    "https://host:8443/a/x.json?sig=a/b, host:8443/a/x.parquet",
  })
  void knownSuffixIsReplaced(String scene, String output) {
    assertThat(OutputKey.of(scene)).isEqualTo(output);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "a/",
        "/a/x.tif",
        "../x.tif",
        "a/../../x.tif",
        "a/..",
        "a/./x.tif",
        "a//x.tif",
        "a/s3://b/x.tif",
        "a/b\tc.tif",
        "s3://bucket/a\u0085.tif"
      })
  void invalidKeyIsRejected(String scene) {
    assertThatThrownBy(() -> OutputKey.of(scene))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("found '" + scene + "'");
  }
}

package dev.kiln.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.SceneException;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ObjectRefTest {
  private static final String ITEM = "a/b/item.json";

  @ParameterizedTest
  @CsvSource({
    "s3://sentinel-cogs/x/B02.tif, sentinel-cogs, x/B02.tif",
    "https://sentinel-cogs.s3.us-west-2.amazonaws.com/x/B02.tif, sentinel-cogs, x/B02.tif",
    "https://sentinel-cogs.s3-us-west-2.amazonaws.com/x/B02.tif, sentinel-cogs, x/B02.tif",
    "https://sentinel-cogs.s3.amazonaws.com/x/B02.tif, sentinel-cogs, x/B02.tif",
    "https://s3.us-west-2.amazonaws.com/sentinel-cogs/x/B02.tif, sentinel-cogs, x/B02.tif",
    "https://my.dotted.bucket.s3.eu-central-1.amazonaws.com/x.tif, my.dotted.bucket, x.tif",
    "https://b.s3.dualstack.us-west-2.amazonaws.com/x.tif, b, x.tif",
    "https://b.s3.cn-north-1.amazonaws.com.cn/x.tif, b, x.tif",
    "https://b.s3.us-west-2.amazonaws.com/a%20b+c.tif?X-Amz-Signature=1, b, a b+c.tif"
  })
  void readsPlacesInS3(String href, String bucket, String key) throws SceneException {
    ObjectRef expected = new ObjectRef(Optional.of(bucket), key);

    assertThat(ObjectRef.ofS3(href)).contains(expected);
    assertThat(ObjectRef.resolve(ITEM, href)).isEqualTo(expected);
    assertThat(expected).hasToString("s3://" + bucket + "/" + key);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://example.com/x.tif",
        "https://s3.example.com/b/x.tif",
        "https://b.s3.us-west-2.amazonaws.com/",
        "https://b.s3.us-west-2.amazonaws.com",
        "s3://bucket",
        "s3://bucket/",
        "s3:///key",
        "x/B02.tif"
      })
  void knowsWhatIsNoPlaceInS3(String href) {
    assertThat(ObjectRef.ofS3(href)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"B02.tif, a/b/B02.tif", "./B02.tif, a/b/B02.tif", "../c//B02.tif, a/c/B02.tif"})
  void resolvesPathsRelativeToTheItem(String href, String key) throws SceneException {
    assertThat(ObjectRef.resolve(ITEM, href)).isEqualTo(ObjectRef.inSource(key));
    assertThat(ObjectRef.resolve("item.json", "x.tif")).hasToString("x.tif");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../../../x.tif",
        "/vol/x.tif",
        "https://example.com/x.tif",
        "file:///x.tif",
        "C:/x.tif",
        ""
      })
  void refusesWhatLiesOutOfReach(String href) {
    assertThatThrownBy(() -> ObjectRef.resolve(ITEM, href))
        .isInstanceOfSatisfying(
            SceneException.class,
            fault -> {
              assertThat(fault.kind()).isEqualTo(SceneException.Kind.PERMANENT);
              assertThat(fault.key()).isEqualTo(ITEM);
              assertThat(fault.reason()).contains("'" + href + "'");
            });
  }

  @Test
  void anObjectOfTheSourceHasNoBucket() {
    assertThat(ObjectRef.inSource("k").bucket()).isEmpty();
  }
}

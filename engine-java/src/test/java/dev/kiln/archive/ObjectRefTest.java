package dev.kiln.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.SceneException;
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
    "https://b.s3.us-west-2.amazonaws.com/a%20b+c.tif?X-Amz-Signature=1, b, a b+c.tif",
    "/vsis3/b/x/y.tif, b, x/y.tif"
  })
  void s3LocationsAreParsed(String href, String bucket, String key) throws SceneException {
    ObjectRef expected = new ObjectRef("s3://" + bucket, key);

    assertThat(ObjectRef.ofS3(href)).contains(expected);
    assertThat(ObjectRef.resolve(ITEM, href)).isEqualTo(expected);
    assertThat(expected).hasToString("s3://" + bucket + "/" + key);
  }

  @ParameterizedTest
  @CsvSource({
    "gs://b/x/y.tif, gs://b/x/y.tif",
    "/vsigs/b/x/y.tif, gs://b/x/y.tif",
    "https://storage.googleapis.com/b/x/a%20b.tif, gs://b/x/a b.tif",
    "https://my.bucket.storage.googleapis.com/x.tif, gs://my.bucket/x.tif",
    "https://storage.googleapis.com/b/x.tif?X-Goog-Signature=1,"
        + " https://storage.googleapis.com/b/x.tif?X-Goog-Signature=1",
    "az://c/x.tif, az://c/x.tif",
    "az://c@account/x.tif, az://c@account/x.tif",
    "abfss://c@account.dfs.core.windows.net/x/y.tif, az://c@account/x/y.tif",
    "/vsiaz/c/x/y.tif, az://c/x/y.tif",
    "/vsicurl/https://account.blob.core.windows.net/c/x.tif, az://c@account/x.tif",
    "https://account.blob.core.windows.net/c/x%2By.tif, az://c@account/x+y.tif",
    "https://account.blob.core.windows.net/c/x.tif?sig=1,"
        + " https://account.blob.core.windows.net/c/x.tif?sig=1"
  })
  void locationsInOtherCloudsAreParsed(String href, String name) {
    assertThat(ObjectRef.resolve(ITEM, href)).hasToString(name);
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
        "s3://b/../x.tif",
        "s3://b/a/./x.tif",
        "s3://b//etc/passwd",
        "s3://b/a\u0000.tif",
        "s3://b/a\ud800.tif",
        "https://b.s3.amazonaws.com/%2e%2e/x.tif",
        "https://b.s3.amazonaws.com/a%zz.tif",
        "x/B02.tif"
      })
  void otherTextIsNotAnS3Location(String href) {
    assertThat(ObjectRef.ofS3(href)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "B02.tif, a/b/B02.tif",
    "./B02.tif, a/b/B02.tif",
    "../c//B02.tif, a/c/B02.tif",
    "./a%20b.tif, a/b/a b.tif",
    "100%.tif, a/b/100%.tif",
    "/vol/x.tif, file:///vol/x.tif",
    "file:///vol/a%20x.tif, file:///vol/a x.tif",
    "https://example.com/a%20x.tif?sig=1, https://example.com/a%20x.tif?sig=1",
    "/vsicurl/https://Example.com:8443/x.tif, https://example.com:8443/x.tif"
  })
  void hrefsAreResolvedAgainstTheItem(String href, String name) throws SceneException {
    assertThat(ObjectRef.resolve(ITEM, href)).hasToString(name);
    assertThat(ObjectRef.resolve("item.json", "x.tif")).hasToString("x.tif");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../../../x.tif",
        "file:///a/../x.tif",
        "file:x.tif",
        "ftp://example.com/x.tif",
        "s3://b/../x.tif",
        "/vsis3/b/../x.tif",
        "gs://b/../x.tif",
        "gs://b",
        "/vsigs/b/../x.tif",
        "/vsiaz/c//x.tif",
        "az://c@a/./x.tif",
        "https://storage.googleapis.com/b/%2e%2e/x.tif",
        "https://account.blob.core.windows.net/c/../x.tif",
        "s3://x//absolute/x.tif",
        "https://x.s3.amazonaws.com/%2e%2e/x.tif",
        "https://example.com/a/%2e%2e/x.tif",
        "..%2f..%2f..%2fx.tif",
        "C:/x.tif",
        ""
      })
  void hrefsThatLeaveTheSourceAreRejected(String href) {
    assertThatThrownBy(() -> ObjectRef.resolve(ITEM, href))
        .isInstanceOfSatisfying(
            SceneException.class,
            fault -> {
              assertThat(fault.kind()).isEqualTo(SceneException.Kind.PERMANENT);
              assertThat(fault.key()).isEqualTo(ITEM);
              assertThat(fault.reason()).contains("'" + href + "'");
            });
  }

  @ParameterizedTest
  @CsvSource({
    "s3://b/a/item.json, x.tif, s3://b/a/x.tif",
    "s3://b/a/item.json, ../x.tif, s3://b/x.tif",
    "s3://b/a/item.json, /x.tif, s3://b/x.tif",
    "gs://b/a/item.json, ../x.tif, gs://b/x.tif",
    "az://c@acc/a/item.json, x.tif, az://c@acc/a/x.tif",
    "https://h:8443/a/item.json?t=1, x%20y.tif, https://h:8443/a/x%20y.tif",
    "https://h/a/item.json, /c/x.tif, https://h/c/x.tif"
  })
  void itemMayBeAWholeUri(String item, String href, String name) {
    assertThat(ObjectRef.resolve(item, href)).hasToString(name);
    assertThatThrownBy(() -> ObjectRef.resolve(item, "../../../x.tif"))
        .hasMessageContaining("leads out of the source");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a\u0000.tif", "a\nb.tif", "a\ud800.tif", "a%00.tif"})
  void controlCharactersAndInvalidTextAreRejected(String href) {
    assertThatThrownBy(() -> ObjectRef.resolve(ITEM, href))
        .isInstanceOfSatisfying(
            SceneException.class,
            fault -> assertThat(fault.kind()).isEqualTo(SceneException.Kind.PERMANENT));
  }

  @Test
  void objectOfTheSourceHasNoBucket() {
    assertThat(ObjectRef.inSource("k").bucket()).isEmpty();
  }
}

package dev.kiln.type;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.cuda.DeviceCode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Java's constants equal those of {@code kiln_types.h}, which native and device code compile. */
class NativeTypesTest {
  private final String header = header();

  @Test
  void pixelTypesHaveTheCodesOfTheHeader() {
    String codes = find("enum kiln_pixel_type \\{([^}]*)\\}");
    Map<String, Integer> expected = new TreeMap<>();
    Matcher code = Pattern.compile("KILN_(\\w+) = (\\d+)").matcher(codes);
    while (code.find()) {
      expected.put(code.group(1), Integer.valueOf(code.group(2)));
    }
    Map<String, Integer> found = new TreeMap<>();
    for (PixelType type : PixelType.values()) {
      found.put(type.name(), type.code());
    }
    assertThat(found).isEqualTo(expected).hasSize(codes.split(",").length);
  }

  @Test
  void patchesHaveTheSizeOfTheHeader() {
    assertThat(find("#define KILN_PATCH_SIZE (\\d+)")).isEqualTo(String.valueOf(Patch.SIZE));
  }

  @Test
  void deviceCodeStartsWithTheHeader() {
    for (DeviceCode code : DeviceCode.values()) {
      assertThat(code.source()).startsWith(header);
    }
  }

  private String find(String pattern) {
    Matcher found = Pattern.compile(pattern).matcher(header);
    assertThat(found.find()).as(pattern).isTrue();
    return found.group(1);
  }

  private static String header() {
    try (InputStream in = PixelType.class.getResourceAsStream("kiln_types.h")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}

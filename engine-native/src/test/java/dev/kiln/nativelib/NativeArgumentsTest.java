package dev.kiln.nativelib;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Java writes the fields of native structs where {@code jni_arguments.h} has them. */
class NativeArgumentsTest {
  private static final Path HEADER = Path.of("src/main/cpp/jni_arguments.h");

  @ParameterizedTest
  @ValueSource(
      strings = {
        "dev.kiln.patch.NativePatchify$PlaneFields",
        "dev.kiln.tiles.TiledTiff$ReadFields",
        "dev.kiln.tiles.TiledTiff$TileFields"
      })
  void fieldsHaveThePositionsOfTheStruct(String constants) throws Exception {
    String struct = constants.substring(constants.indexOf('$') + 1);
    Matcher body =
        Pattern.compile("struct " + struct + " \\{([^}]*)\\};").matcher(Files.readString(HEADER));
    assertThat(body.find()).as("struct " + struct + " in " + HEADER).isTrue();
    Map<String, Integer> expected = new LinkedHashMap<>();
    for (String line : body.group(1).strip().split("\n")) {
      assertThat(line.strip()).matches("int64_t \\w+;");
      String name = line.strip().replaceAll("int64_t (\\w+);", "$1").toUpperCase(Locale.ROOT);
      expected.put(name, expected.size());
    }
    expected.put("COUNT", expected.size());

    Map<String, Integer> found = new LinkedHashMap<>();
    for (Field field : Class.forName(constants).getDeclaredFields()) {
      field.setAccessible(true);
      found.put(field.getName(), field.getInt(null));
    }
    assertThat(found).isEqualTo(expected);
  }
}

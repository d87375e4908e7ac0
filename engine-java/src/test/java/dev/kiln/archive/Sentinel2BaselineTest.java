package dev.kiln.archive;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.json.JsonMapper;

class Sentinel2BaselineTest {
  private static String of(String id, String properties) {
    return Sentinel2Baseline.of(
            id, JsonMapper.shared().readTree("{" + properties.replace('\'', '"') + "}"))
        .orElse(null);
  }

  @ParameterizedTest
  @CsvSource({
    "'04.00', 04.00",
    "'4.0', 04.00",
    "'4', 04.00",
    "'04', 04.00",
    "'0400', 04.00",
    "'N0400', 04.00",
    "'n05.10', 05.10",
    "'V02.14', 02.14",
    "'0214', 02.14",
    "'214', 02.14",
    "' 05.10.00 ', 05.10",
    "'baseline 05.10', 05.10",
    "'N0214_R008', 02.14",
    "'unknown',",
    "'',"
  })
  void isReadAsTextInEveryForm(String text, String expected) {
    assertThat(of("x", "'s2:processing_baseline': '%s'".formatted(text))).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({"4, 04.00", "5.1, 05.10", "5.11, 05.11", "2.14, 02.14", "400, 04.00", "301, 03.01"})
  void isReadAsANumber(String number, String expected) {
    assertThat(of("x", "'s2:processing_baseline': " + number)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({
    "s2:product_uri, S2A_MSIL2A_20230615T103029_N0509_R108_T14TPQ_20230615T140000.SAFE, 05.09",
    "sentinel:product_id, S2A_MSIL2A_20210615T103029_N0300_R108_T14TPQ_20210615T140000, 03.00",
    "title, s2a_msil2a_20210615t103029_n0300_r108_t14tpq_20210615t140000, 03.00",
    "s2:granule_id, S2B_OPER_MSI_L2A_TL_2BPS_20230615T140000_A032780_T14TPQ_N05.09, 05.09",
    "s2:datastrip_id, S2B_OPER_MSI_L2A_DS_2BPS_20230615T140000_S20230615T103030_N05.09, 05.09",
    "s2:product_uri, S2A_MSIL1C_20230615T103029_N0509_R108_T14TPQ_20230615T140000.SAFE,",
    "title, S2A_T14TPQ_N0509,"
  })
  void isInNamesOfLevel2A(String property, String name, String expected) {
    assertThat(of("x", "'%s': '%s'".formatted(property, name))).isEqualTo(expected);
    assertThat(of(name, "")).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({"05.09, 05.09", "0509, 05.09", "2.0.0,", "1.2,", "2,", "v1.0.0,"})
  void versionsOfOtherSoftwareAreNone(String version, String expected) {
    assertThat(of("x", "'processing:version': '%s'".formatted(version))).isEqualTo(expected);
  }
}

package dev.kiln.error;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PrintableTest {
  @Test
  void controlCharactersAreEscaped() {
    assertThat(Printable.of("a\nINFO forged\r\t\u001b[2J\u0000\u009b\u2028\u202e"))
        .isEqualTo("a\\nINFO forged\\r\\t\\u001b[2J\\u0000\\u009b\\u2028\\u202e");
  }

  @Test
  void textOfAnyLanguageIsKept() {
    assertThat(Printable.of("nd/2018/ü ß 日本 😀.tif")).isEqualTo("nd/2018/ü ß 日本 😀.tif");
    assertThat(Printable.of("😀\n")).isEqualTo("😀\\n");
    assertThat(Printable.of("a\ud800")).isEqualTo("a\\ud800");
    assertThat(Printable.of(null)).isNull();
  }

  @Test
  void messagesOfErrorsAreOneLine() {
    SceneException error = SceneException.permanent("a\nb", "found '\u001b[2J'");
    assertThat(error).hasMessage("a\\nb: found '\\u001b[2J'");
    assertThat(error.reason()).isEqualTo("found '\\u001b[2J'");
    assertThat(error.key()).isEqualTo("a\nb");
    assertThat(new ConfigurationException("a\u001bb")).hasMessage("a\\u001bb");
  }
}

package dev.kiln.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.chip.RadiometricOffset;
import dev.kiln.run.ChipOptions;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

class ChipFlagsTest {
  @Command
  private static final class Holder {
    @Mixin private ChipFlags flags;
  }

  private static ChipFlags parse(String... arguments) {
    Holder holder = new Holder();
    new CommandLine(holder).setCaseInsensitiveEnumValuesAllowed(true).parseArgs(arguments);
    return holder.flags;
  }

  @Test
  void defaultsAreThoseOfThePublishedEmbeddings() {
    assertThat(parse().options(Optional.empty())).isEqualTo(ChipOptions.defaults());
  }

  @ParameterizedTest
  @CsvSource({"auto, AUTO", "none, NONE", "-1000, MINUS_1000"})
  void theRadiometricOffsetIsRecordedAsGiven(String text, RadiometricOffset offset) {
    for (ChipFlags flags :
        new ChipFlags[] {
          parse("--radiometric-offset", text), parse("--radiometric-offset=" + text)
        }) {
      assertThat(flags.options(Optional.empty()).radiometricOffset()).isEqualTo(offset);
      assertThat(flags.options(Optional.empty()).byName())
          .containsEntry("radiometric-offset", text);
    }
  }

  @Test
  void everyOptionIsRecordedInTheFooter() {
    assertThat(
            parse("--chip=128", "--location-order=swapped", "--max-cloud=1")
                .options(Optional.empty())
                .byName())
        .containsEntry("chip", "128")
        .containsEntry("location-order", "swapped")
        .containsEntry("max-cloud", "1.0")
        .containsEntry("max-nodata", "0.2")
        .containsEntry("radiometric-offset", "auto");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--chip=0",
        "--chip=100",
        "--max-cloud=1.1",
        "--max-cloud=-0.1",
        "--max-nodata=NaN"
      })
  void rejectsValuesOutOfRange(String argument) {
    assertThatThrownBy(() -> parse(argument).options(Optional.empty()))
        .isInstanceOf(OptionException.class)
        .hasMessageContaining(argument.split("=")[0]);
  }

  @Test
  void rejectsAnotherOffset() {
    assertThatThrownBy(() -> parse("--radiometric-offset=-500"))
        .isInstanceOf(CommandLine.ParameterException.class)
        .hasMessageContainingAll("--radiometric-offset", "-1000", "-500");
  }
}

package dev.kiln.cli;

import dev.kiln.archive.BandAliases;
import dev.kiln.archive.BandOrder;
import dev.kiln.archive.DatePattern;
import dev.kiln.archive.FileOptions;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Options that describe the bands of items, and plain image files, which have no item. */
@Heading.Under(Heading.INPUT)
final class FileFlags {
  @Option(
      names = "--datetime",
      paramLabel = "TIME",
      description =
          "Acquisition time of plain files: a day (noon) or a time, UTC (default: the date in the"
              + " file name, else the TIFF's DateTime); with --stac, the period to search.")
  private String datetime;

  @Option(
      names = "--date-pattern",
      paramLabel = "TEXT",
      description =
          "Where the keys of plain files have their date, such as {year}/{month}/*_{day}. or"
              + " A{year}{doy}.")
  private String datePattern;

  @Option(
      names = "--bands",
      paramLabel = "BAND,…",
      description =
          "Bands of plain files: names in the order of the file (- for an unused one), or numbers"
              + " in the order of the platform (default: by names and colours in the file).")
  private String bands;

  @Option(
      names = "--band-aliases",
      paramLabel = "FILE.yaml",
      description = "Names that your catalogue gives to bands, besides those of common ones.")
  private Path aliases;

  /** Returns the value of {@code --datetime}, or null. */
  String datetime() {
    return datetime;
  }

  /** Returns the names of bands in items. */
  BandAliases aliases() {
    return aliases == null ? BandAliases.standard() : BandAliases.load(aliases);
  }

  /**
   * Returns what is known about plain files.
   *
   * @param search whether {@code --datetime} is the period of a search
   */
  FileOptions options(boolean search) {
    return new FileOptions(
        Optional.ofNullable(search ? null : datetime)
            .map(text -> OptionException.parse(() -> FileOptions.parseDatetime(text))),
        Optional.ofNullable(datePattern)
            .map(text -> OptionException.parse(() -> DatePattern.parse(text))),
        Optional.ofNullable(bands).map(text -> OptionException.parse(() -> BandOrder.parse(text))));
  }
}

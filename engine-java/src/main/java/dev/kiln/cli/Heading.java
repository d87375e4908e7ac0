package dev.kiln.cli;

import static java.lang.annotation.ElementType.FIELD;
import static java.lang.annotation.ElementType.TYPE;
import static java.lang.annotation.RetentionPolicy.RUNTIME;

import java.lang.annotation.Retention;
import java.lang.annotation.Target;

/** Headings under which {@code --help} and the CLI reference list options, in their order. */
enum Heading {
  OPTIONS("Options"),
  INPUT("Input"),
  OUTPUT("Output"),
  CHIPS("Chips"),
  ENCODER("Encoder"),
  JOB("Job"),
  CONTAINER("Container"),
  COST("Cost"),
  PERFORMANCE("Performance"),
  S3("S3 and network"),
  AWS_BATCH("AWS Batch"),
  GENERAL("General");

  private final String title;

  Heading(String title) {
    this.title = title;
  }

  /** Returns the heading as printed. */
  String title() {
    return title;
  }

  /** Places an option, or every option of a class, under a heading. */
  @Retention(RUNTIME)
  @Target({FIELD, TYPE})
  @interface Under {
    /** Returns the heading. */
    Heading value();
  }
}

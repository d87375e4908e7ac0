package dev.kiln;

import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The rooms of the house: each may use those named for it, and none looks upward. */
class ArchitectureTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("dev.kiln");

  @Test
  void noRoomLooksUpward() {
    layeredArchitecture()
        .consideringOnlyDependenciesInLayers()
        .layer("cli")
        .definedBy("dev.kiln.cli..")
        .layer("prove")
        .definedBy("dev.kiln.prove..")
        .layer("sample")
        .definedBy("dev.kiln.sample..")
        .layer("fleet")
        .definedBy("dev.kiln.fleet..")
        .layer("run")
        .definedBy("dev.kiln.run..")
        .layer("archive")
        .definedBy("dev.kiln.archive..")
        .layer("fetch")
        .definedBy("dev.kiln.fetch..")
        .layer("raster")
        .definedBy("dev.kiln.raster..")
        .layer("chip")
        .definedBy("dev.kiln.chip..")
        .layer("infer")
        .definedBy("dev.kiln.infer..")
        .layer("sink")
        .definedBy("dev.kiln.sink..")
        .layer("export")
        .definedBy("dev.kiln.export..")
        .layer("model")
        .definedBy("dev.kiln.model..")
        .layer("platform")
        .definedBy("dev.kiln.platform..")
        .layer("fault")
        .definedBy("dev.kiln.fault..")
        .layer("gdal")
        .definedBy("dev.kiln.gdal..")
        .layer("tensorrt")
        .definedBy("dev.kiln.tensorrt..")
        .layer("cuda")
        .definedBy("dev.kiln.cuda..")
        .layer("trace")
        .definedBy("dev.kiln.trace..")
        .layer("memory")
        .definedBy("dev.kiln.memory..")
        .whereLayer("cli")
        .mayOnlyAccessLayers(
            "prove",
            "sample",
            "fleet",
            "run",
            "archive",
            "fetch",
            "raster",
            "chip",
            "infer",
            "sink",
            "export",
            "tensorrt",
            "model",
            "platform",
            "fault",
            "gdal",
            "trace",
            "memory")
        .whereLayer("prove")
        .mayOnlyAccessLayers(
            "sample",
            "run",
            "archive",
            "fetch",
            "chip",
            "infer",
            "sink",
            "export",
            "tensorrt",
            "model",
            "platform",
            "fault",
            "cuda",
            "memory")
        .whereLayer("sample")
        .mayOnlyAccessLayers(
            "archive", "chip", "export", "model", "sink", "platform", "fault", "gdal", "memory")
        .whereLayer("fleet")
        .mayOnlyAccessLayers("run", "archive", "fetch", "sink", "fault")
        .whereLayer("run")
        .mayOnlyAccessLayers(
            "archive",
            "fetch",
            "raster",
            "chip",
            "infer",
            "sink",
            "model",
            "platform",
            "fault",
            "cuda",
            "trace",
            "memory")
        .whereLayer("archive")
        .mayOnlyAccessLayers("platform", "fault", "memory")
        .whereLayer("fetch")
        .mayOnlyAccessLayers("fault", "memory")
        .whereLayer("raster")
        .mayOnlyAccessLayers("fault", "gdal", "memory")
        .whereLayer("chip")
        .mayOnlyAccessLayers("platform", "fault")
        .whereLayer("infer")
        .mayOnlyAccessLayers(
            "export", "tensorrt", "model", "platform", "fault", "cuda", "trace", "memory")
        .whereLayer("sink")
        .mayOnlyAccessLayers("chip", "fault")
        .whereLayer("tensorrt")
        .mayOnlyAccessLayers("export", "model", "platform", "fault", "cuda", "memory")
        .whereLayer("export")
        .mayOnlyAccessLayers("model", "platform", "fault")
        .whereLayer("model")
        .mayOnlyAccessLayers("platform", "fault")
        .whereLayer("platform")
        .mayOnlyAccessLayers("fault")
        .whereLayer("fault")
        .mayNotAccessAnyLayer()
        .whereLayer("cuda")
        .mayOnlyAccessLayers("memory")
        .whereLayer("trace")
        .mayNotAccessAnyLayer()
        .whereLayer("memory")
        .mayNotAccessAnyLayer()
        .check(CLASSES);
  }
}

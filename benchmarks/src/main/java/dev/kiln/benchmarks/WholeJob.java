package dev.kiln.benchmarks;

import dev.kiln.archive.OutputKey;
import dev.kiln.error.ExitCode;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.infer.Encoder;
import dev.kiln.infer.EncoderOptions;
import dev.kiln.infer.PrecisionRequest;
import dev.kiln.infer.select.Encoders;
import dev.kiln.memory.Strip;
import dev.kiln.model.ModelDirectory;
import dev.kiln.raster.TileDecoder;
import dev.kiln.run.ChipOptions;
import dev.kiln.run.EmbedRequest;
import dev.kiln.run.Embedder;
import dev.kiln.run.RunOptions;
import dev.kiln.run.RunReport;
import dev.kiln.sink.EmbeddingFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * The whole chain over the scenes of a sample: fetch, decode, fill, encode, write. A sample is
 * chips per second of one run.
 *
 * @param workplace with the sample and a model
 * @param platform whose scenes are embedded
 * @param parts which parts of the chain
 */
record WholeJob(Workplace workplace, String platform, Parts parts) implements Case.Sampler {
  private static final int CHIP = 256;

  /** Chips enough for the encoder's own rate. */
  private static final int CHIPS_ALONE = 400;

  /** What of the chain is run. */
  enum Parts {
    ENCODER,
    ALL_AT_ONCE,
    ONE_AFTER_THE_OTHER,
    ALL_BUT_ENCODER
  }

  @Override
  public List<Case.Sample> sample(Case.Effort effort) throws Exception {
    ModelDirectory model = workplace.model();
    EncoderOptions cpu =
        EncoderOptions.of(EncoderOptions.Kind.AUTO).withPrecision(PrecisionRequest.AUTO);
    try (Encoder encoder = Encoders.open(model.encoder(platform, CHIP), cpu)) {
      return List.of(sample(model, encoder));
    }
  }

  private Case.Sample sample(ModelDirectory model, Encoder encoder) throws Exception {
    Encoder none = new NoEncoder(encoder.description());
    return switch (parts) {
      case ENCODER -> alone(encoder, CHIPS_ALONE).sample();
      case ALL_AT_ONCE -> run(model, encoder).sample();
      case ALL_BUT_ENCODER -> run(model, none).sample();
      case ONE_AFTER_THE_OTHER -> {
        Work others = run(model, none);
        yield others.and(alone(encoder, others.chips)).sample();
      }
    };
  }

  private record Work(int chips, double seconds, double coreSeconds) {
    /** The same chips once more. */
    Work and(Work later) {
      return new Work(chips, seconds + later.seconds, coreSeconds + later.coreSeconds);
    }

    Case.Sample sample() {
      return Case.Sample.of(chips, seconds, coreSeconds);
    }
  }

  private Work alone(Encoder encoder, int chips) throws Exception {
    int threads = Runtime.getRuntime().availableProcessors();
    try (SampleScene scene = SampleScene.load(workplace.sample(), platform);
        StripReader reader = new StripReader(scene, threads, TileDecoder.NATIVE);
        Strip strip = reader.read()) {
      float gsd = (float) workplace.model().platform(platform).gsd();
      long begin = System.nanoTime();
      long beginCore = CoreTime.nanos();
      EncoderAlone.run(encoder, strip, reader.grid().columns(), gsd, chips);
      return new Work(
          chips, (System.nanoTime() - begin) / 1e9, (CoreTime.nanos() - beginCore) / 1e9);
    }
  }

  private Work run(ModelDirectory model, Encoder encoder) throws IOException, InterruptedException {
    Path sample = workplace.sample();
    Path out = workplace.embeddings();
    List<String> keys = SampleScene.keys(sample, platform);
    try (ObjectStore source = ObjectStores.open(SampleScene.archive(sample, platform).toString());
        ObjectStore target = ObjectStores.open(out.toString())) {
      EmbedRequest request =
          EmbedRequest.builder()
              .model(model, platform)
              .sceneKeys(keys)
              .source(source)
              .out(target)
              .chips(ChipOptions.builder().chipSize(CHIP).build())
              .encoder(encoder)
              .run(RunOptions.builder().overwrite(true).attempts(1).build())
              .build();
      long begin = CoreTime.nanos();
      RunReport report = new Embedder().embed(request);
      double coreSeconds = (CoreTime.nanos() - begin) / 1e9;
      check(report, keys, out);
      return new Work((int) report.run().counts().chips(), report.run().seconds(), coreSeconds);
    }
  }

  private static void check(RunReport report, List<String> keys, Path out) throws IOException {
    long rows = 0;
    for (String key : keys) {
      rows += EmbeddingFile.open(out.resolve(OutputKey.of(key))).rows();
    }
    if (report.exitCode() != ExitCode.DONE || rows == 0 || rows != report.run().counts().chips()) {
      throw new IllegalStateException(rows + " rows written by this run:\n" + report.summary());
    }
  }
}

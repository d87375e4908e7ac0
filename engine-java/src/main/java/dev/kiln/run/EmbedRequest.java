package dev.kiln.run;

import dev.kiln.archive.BandAliases;
import dev.kiln.archive.FileOptions;
import dev.kiln.archive.StacItem;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.infer.Encoder;
import dev.kiln.infer.EncoderOptions;
import dev.kiln.model.ModelDirectory;
import dev.kiln.platform.Platform;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * What {@link Embedder} is to embed, with what, and where to. Stores and a given encoder are
 * borrowed: the caller closes them after the run.
 *
 * @param model exported model
 * @param platform sensor platform of the scenes; the model has been exported for it
 * @param sceneKeys keys of the scenes in the source
 * @param files what is known about scenes that are plain image files
 * @param items items that are known already, by scene key; others are read from the source
 * @param itemLines items that are known already, as JSON, by scene key; parsed when their scenes
 *     are embedded
 * @param aliases other names of bands in items
 * @param source where scenes are read from
 * @param out where files and the report are written to
 * @param chips which chips are embedded
 * @param vectors which vectors are written, and how
 * @param encoderOptions which encoder is opened for the run
 * @param encoder an encoder that is open already and is used instead; empty to open one
 * @param run how the machine is used
 * @param reportKey key of the shard's reports in {@code out}, from {@link ReportKey#of}: the report
 *     of each attempt gets a different name from it; empty to write none
 * @param context further facts for the report, such as the scene list
 * @param stopOnSigterm whether the run ends early, and saves, when the JVM is asked to exit
 * @param progress receives snapshots during the run
 */
public record EmbedRequest(
    ModelDirectory model,
    Platform platform,
    List<String> sceneKeys,
    FileOptions files,
    BandAliases aliases,
    Map<String, StacItem> items,
    Map<String, String> itemLines,
    ObjectStore source,
    ObjectStore out,
    ChipOptions chips,
    VectorOptions vectors,
    EncoderOptions encoderOptions,
    Optional<Encoder> encoder,
    RunOptions run,
    Optional<String> reportKey,
    Map<String, String> context,
    boolean stopOnSigterm,
    ProgressListener progress) {

  /** Copies the keys and requires model, platform, source and output. */
  public EmbedRequest {
    Objects.requireNonNull(model, "model");
    Objects.requireNonNull(platform, "platform");
    Objects.requireNonNull(source, "source");
    Objects.requireNonNull(out, "out");
    sceneKeys = List.copyOf(sceneKeys);
    items = Map.copyOf(items);
    itemLines = Map.copyOf(itemLines);
    context = Map.copyOf(context);
  }

  /** {@return a builder with default options and no scenes} */
  public static Builder builder() {
    return new Builder();
  }

  /** Builds an {@link EmbedRequest}; model, source and output are required. */
  public static final class Builder {
    private ModelDirectory model;
    private Platform platform;
    private List<String> sceneKeys = List.of();
    private FileOptions files = FileOptions.NONE;
    private BandAliases aliases = BandAliases.standard();
    private Map<String, StacItem> items = Map.of();
    private Map<String, String> itemLines = Map.of();
    private ObjectStore source;
    private ObjectStore out;
    private ChipOptions chips = ChipOptions.defaults();
    private VectorOptions vectors = VectorOptions.PLAIN;
    private EncoderOptions encoderOptions = EncoderOptions.of(EncoderOptions.Kind.AUTO);
    private Optional<Encoder> encoder = Optional.empty();
    private RunOptions run = RunOptions.defaults();
    private Optional<String> reportKey = Optional.empty();
    private Map<String, String> context = Map.of();
    private boolean stopOnSigterm;
    private ProgressListener progress = snapshot -> {};

    private Builder() {}

    /**
     * Sets the model and the sensor platform of the scenes.
     *
     * @param directory exported model
     * @param platformName name of a platform that it was exported for
     * @return this builder
     * @throws dev.kiln.error.ConfigurationException if it was not exported for the platform
     */
    public Builder model(ModelDirectory directory, String platformName) {
      this.model = directory;
      this.platform = directory.platform(platformName);
      return this;
    }

    /**
     * Sets the keys of the scenes in the source.
     *
     * @param keys lines of a scene list
     * @return this builder
     */
    public Builder sceneKeys(List<String> keys) {
      this.sceneKeys = keys;
      return this;
    }

    /**
     * Sets what is known about scenes that are plain image files.
     *
     * @param options what differs from the defaults
     * @return this builder
     */
    public Builder files(FileOptions options) {
      this.files = options;
      return this;
    }

    /**
     * Sets items that are known already; others are read from the source.
     *
     * @param known items by scene key
     * @return this builder
     */
    public Builder items(Map<String, StacItem> known) {
      this.items = known;
      return this;
    }

    /**
     * Sets items that are known already, and parsed when their scenes are embedded.
     *
     * @param known items as JSON by scene key
     * @return this builder
     */
    public Builder itemLines(Map<String, String> known) {
      this.itemLines = known;
      return this;
    }

    /**
     * Sets other names of bands in items.
     *
     * @param names by platform
     * @return this builder
     */
    public Builder aliases(BandAliases names) {
      this.aliases = names;
      return this;
    }

    /**
     * Sets the store that scenes are read from; the caller closes it after the run.
     *
     * @param store borrowed
     * @return this builder
     */
    public Builder source(ObjectStore store) {
      this.source = store;
      return this;
    }

    /**
     * Sets the store that files and report are written to; the caller closes it after the run.
     *
     * @param store borrowed
     * @return this builder
     */
    public Builder out(ObjectStore store) {
      this.out = store;
      return this;
    }

    /**
     * Sets which chips are embedded.
     *
     * @param options what differs from the defaults
     * @return this builder
     */
    public Builder chips(ChipOptions options) {
      this.chips = options;
      return this;
    }

    /**
     * Sets which vectors are written, and how they are stored.
     *
     * @param options vectors and their type
     * @return this builder
     */
    public Builder vectors(VectorOptions options) {
      this.vectors = options;
      return this;
    }

    /**
     * Sets which encoder is opened for the run.
     *
     * @param options what differs from the defaults
     * @return this builder
     */
    public Builder encoder(EncoderOptions options) {
      this.encoderOptions = options;
      return this;
    }

    /**
     * Sets an open encoder to use; the caller closes it after the run.
     *
     * @param open an encoder for the same model, platform and chip size
     * @return this builder
     */
    public Builder encoder(Encoder open) {
      this.encoder = Optional.of(open);
      return this;
    }

    /**
     * Sets how the machine is used.
     *
     * @param options what differs from the defaults
     * @return this builder
     */
    public Builder run(RunOptions options) {
      this.run = options;
      return this;
    }

    /**
     * Sets the key of the shard's reports in the output; without one no report is written.
     *
     * @param key relative to the output
     * @return this builder
     */
    public Builder reportKey(String key) {
      this.reportKey = Optional.of(key);
      return this;
    }

    /**
     * Sets further facts for the report, such as the scene list.
     *
     * @param values by name
     * @return this builder
     */
    public Builder context(Map<String, String> values) {
      this.context = values;
      return this;
    }

    /**
     * Sets whether the run ends early, and saves, when the JVM is asked to exit.
     *
     * @param stop whether SIGTERM ends the run
     * @return this builder
     */
    public Builder stopOnSigterm(boolean stop) {
      this.stopOnSigterm = stop;
      return this;
    }

    /**
     * Sets the listener that receives snapshots during the run.
     *
     * @param listener called several times per second
     * @return this builder
     */
    public Builder progress(ProgressListener listener) {
      this.progress = listener;
      return this;
    }

    /** {@return the request} */
    public EmbedRequest build() {
      return new EmbedRequest(
          model,
          platform,
          sceneKeys,
          files,
          aliases,
          items,
          itemLines,
          source,
          out,
          chips,
          vectors,
          encoderOptions,
          encoder,
          run,
          reportKey,
          context,
          stopOnSigterm,
          progress);
    }
  }
}

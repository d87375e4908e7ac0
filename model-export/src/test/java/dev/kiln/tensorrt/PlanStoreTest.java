package dev.kiln.tensorrt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.cuda.GpuDescription;
import dev.kiln.error.ConfigurationException;
import dev.kiln.export.Exporter;
import dev.kiln.model.ModelDirectory;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.type.DataType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Plans on disk: how they are found, and all reasons to reject one. */
class PlanStoreTest {
  private static final GpuDescription H100 =
      new GpuDescription("NVIDIA H100 80GB HBM3", 9, 0, 80L << 30, 132, 13000, 13030);
  private static final GpuDescription A100 =
      new GpuDescription("NVIDIA A100-SXM4-80GB", 8, 0, 80L << 30, 108, 13000, 13030);
  private static final byte[] CODE = {3, 1, 4, 1, 5, 9, 2, 6};

  @TempDir Path temp;
  private ModelDirectory model;
  private PlanStore store;

  @BeforeEach
  void export() throws Exception {
    model =
        Exporter.export(
            Path.of(PlanStoreTest.class.getResource("/golden/micro/clay-micro.ckpt").toURI()),
            new Exporter.Options(
                List.of(PlatformCatalog.builtIn().get("naip")), List.of(256), false, false),
            temp.resolve("model"));
    store = new PlanStore(model);
  }

  private PlanKey key(GpuDescription gpu, String tensorRt) {
    return PlanKey.of(model.encoder("naip", 256), DataType.BF16, 64, tensorRt, gpu);
  }

  private PlanKey key() {
    return key(H100, "11.2.1.2");
  }

  private Plan add(PlanKey key) {
    return store.add(
        key,
        ByteBuffer.wrap(CODE),
        "{\"Layers\":[]}",
        61.5,
        new PlanDescription.Attention(2, 1, List.of("_gemm_mha_v2")));
  }

  private List<String> entries() throws IOException {
    try (Stream<Path> files = Files.list(temp.resolve("model/plans"))) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void storedPlanIsFound() throws Exception {
    assertThat(store.find(key())).isEmpty();
    Plan added = add(key());
    Plan found = store.find(key()).orElseThrow();
    assertThat(found.file()).isEqualTo(added.file());
    assertThat(found.description()).isEqualTo(added.description());
    assertThat(found.description().attention().kernels()).containsExactly("_gemm_mha_v2");
    byte[] read = new byte[CODE.length];
    found.read().get(read);
    assertThat(read).isEqualTo(CODE);
    String name = key().fileName();
    assertThat(name).startsWith("naip-256-bf16-batch64-sm90-trt11.2.1.2-");
    assertThat(entries())
        .containsExactly(name + ".layers.json", name + ".plan", name + ".plan.json");
  }

  @Test
  void newPlanReplacesTheOld() throws Exception {
    add(key());
    Plan again =
        store.add(
            key(),
            ByteBuffer.wrap(new byte[] {7}),
            "{}",
            1,
            new PlanDescription.Attention(2, 0, List.of()));
    assertThat(again.read().remaining()).isOne();
    assertThat(entries()).hasSize(3);
  }

  @Test
  void differentKeysAreDifferentFiles() throws Exception {
    add(key());
    add(key(A100, "11.2.1.2"));
    add(key(H100, "11.3.0.4"));
    assertThat(entries()).hasSize(9);
    assertThat(store.find(key())).isPresent();
    assertThat(store.others(key(new GpuDescription("L4", 8, 9, 1, 1, 1, 1), "11.2.1.2")))
        .hasSize(3)
        .anySatisfy(line -> assertThat(line).contains("expected L4, found NVIDIA A100-SXM4-80GB"))
        .anySatisfy(line -> assertThat(line).contains("expected 11.2.1.2, found 11.3.0.4"));
  }

  @Test
  void planOfAnotherGpuIsRejected() {
    Path file = add(key(A100, "11.2.1.2")).file();
    assertThatThrownBy(() -> Plan.open(file, key()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContainingAll(
            file.toString(),
            "GPU: expected NVIDIA H100 80GB HBM3, found NVIDIA A100-SXM4-80GB",
            "expected sm_90, found sm_80",
            "kiln compile");
  }

  @Test
  void planOfAnotherTensorRtIsRejected() {
    Path file = add(key(H100, "11.0.0.7")).file();
    assertThatThrownBy(() -> Plan.open(file, key()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("TensorRT: expected 11.2.1.2, found 11.0.0.7; make one that fits");
  }

  @Test
  void planOfAnotherModelIsRejected() {
    PlanKey key = key();
    Path file = add(key).file();
    String hash = "ab".repeat(32);
    PlanKey other =
        new PlanKey(
            hash,
            key.graph(),
            key.tensorRt(),
            key.gpu(),
            key.architecture(),
            key.precision(),
            key.batchSize(),
            key.platform(),
            key.chipSize());
    assertThatThrownBy(() -> Plan.open(file, other))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining(
            "model: expected abababababab, found " + model.hash().substring(0, 12));
  }

  /** A plan that was renamed to the expected name still has its own key. */
  @Test
  void renamedPlanIsRejected() throws Exception {
    Plan other = add(key(A100, "11.2.1.2"));
    Files.move(other.file(), store.file(key()));
    Files.move(Plan.description(other.file()), Plan.description(store.file(key())));
    assertThatThrownBy(() -> store.find(key()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("found NVIDIA A100-SXM4-80GB");
  }

  @Test
  void truncatedPlanIsRejected() throws Exception {
    Path file = add(key()).file();
    Files.write(file, new byte[] {3, 1, 4});
    assertThatThrownBy(() -> store.find(key()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContainingAll(file.toString(), "expected 8 bytes, found 3", "kiln compile");
  }

  @Test
  void damagedPlanIsRejected() throws Exception {
    Path file = add(key()).file();
    byte[] damaged = CODE.clone();
    damaged[4] ^= 1;
    Files.write(file, damaged);
    Plan plan = store.find(key()).orElseThrow();
    assertThatThrownBy(plan::read)
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContainingAll(file.toString(), "SHA-256", "damaged", "kiln compile");
  }

  @Test
  void missingPlanIsReported() {
    Path file = store.file(key());
    assertThatThrownBy(() -> Plan.open(file, key()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContainingAll(file.toString(), "found none", "kiln compile");
  }

  @Test
  void planWithoutDescriptionIsRejected() throws Exception {
    Path file = add(key()).file();
    Files.delete(Plan.description(file));
    assertThatThrownBy(() -> store.find(key()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContainingAll("description", "found none", "kiln compile");
    assertThat(store.others(key(A100, "11")))
        .singleElement()
        .asString()
        .contains("cannot read its description");
  }

  @Test
  void invalidDescriptionIsRejected() throws Exception {
    Path file = add(key()).file();
    for (String text : List.of("", "{", "[]", "{\"format\":1}")) {
      Files.writeString(Plan.description(file), text);
      assertThatThrownBy(() -> store.find(key()))
          .as(text)
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContainingAll("cannot read", "kiln compile");
    }
  }

  @Test
  void laterFormatIsRejected() throws Exception {
    Path file = add(key()).file();
    Path description = Plan.description(file);
    Files.writeString(
        description,
        Files.readString(description).replaceFirst("\"format\" : 1", "\"format\" : 2"));
    assertThatThrownBy(() -> store.find(key()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("expected format 1, found 2");
  }

  /** After a kill between description and plan there is no plan, and no partial one is used. */
  @Test
  void partlyReplacedPlanIsNotUsed() throws Exception {
    Plan old = add(key());
    Path kept = temp.resolve("old");
    Files.copy(old.file(), kept);
    store.add(
        key(),
        ByteBuffer.wrap(new byte[] {7, 7}),
        "{}",
        1,
        new PlanDescription.Attention(2, 0, List.of()));
    Files.copy(kept, old.file(), StandardCopyOption.REPLACE_EXISTING);
    assertThatThrownBy(() -> store.find(key())).isInstanceOf(ConfigurationException.class);
  }

  @Test
  void directoryThatCannotBeCreatedIsReported() throws Exception {
    Files.writeString(temp.resolve("model/plans"), "");
    assertThatThrownBy(() -> add(key()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining(temp.resolve("model/plans").toString());
    assertThat(store.find(key())).isEmpty();
    assertThat(store.others(key())).isEmpty();
  }

  /** Of two processes that compile, the second waits and then finds the plan of the first. */
  @Test
  @Timeout(60)
  void processesCompileOneAtATime() throws Exception {
    Path started = temp.resolve("started");
    Path go = temp.resolve("go");
    Process other =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                Holder.class.getName(),
                temp.resolve("model").toString(),
                started.toString(),
                go.toString())
            .redirectErrorStream(true)
            .redirectOutput(temp.resolve("other.log").toFile())
            .start();
    while (!Files.exists(started)) {
      assertThat(other.isAlive() || Files.exists(started)).as("the other process").isTrue();
      Thread.sleep(20);
    }
    Thread releasing =
        new Thread(
            () -> {
              try {
                Thread.sleep(300);
                Files.createFile(go);
              } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e);
              }
            });
    releasing.start();
    boolean released = store.alone(() -> Files.exists(go));
    assertThat(released).as("the other process was waited for").isTrue();
    assertThat(other.waitFor()).isZero();
    releasing.join();
  }

  /** Another process, which holds the lock from {@code started} until {@code go}. */
  static final class Holder {
    public static void main(String[] arguments) {
      new PlanStore(ModelDirectory.open(Path.of(arguments[0])))
          .alone(
              () -> {
                try {
                  Files.createFile(Path.of(arguments[1]));
                  while (!Files.exists(Path.of(arguments[2]))) {
                    Thread.sleep(20);
                  }
                } catch (IOException | InterruptedException e) {
                  throw new IllegalStateException(e);
                }
                return null;
              });
    }
  }

  @Test
  void timingCachesAreStoredByGpuAndVersion() {
    assertThat(store.timings(key())).isEmpty();
    store.prepare();
    store.keepTimings(key(), ByteBuffer.wrap(CODE));
    assertThat(store.timings(key())).isEqualTo(CODE);
    assertThat(store.timings(key(A100, "11.2.1.2"))).isEmpty();
    assertThat(store.timings(key(H100, "11.3.0.4"))).isEmpty();
    assertThat(key().timingCacheName()).isEqualTo("timing-nvidia-h100-80gb-hbm3-trt11.2.1.2.cache");
  }
}

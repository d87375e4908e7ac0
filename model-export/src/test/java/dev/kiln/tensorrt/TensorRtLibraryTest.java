package dev.kiln.tensorrt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kiln.cuda.CudaDriver;
import dev.kiln.error.ConfigurationException;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.tensorrt.global.nvinfer;
import org.bytedeco.tensorrt.global.nvonnxparser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class TensorRtLibraryTest {
  private static final URL IN_JAR = jar();

  @TempDir Path temp;

  private static URL jar() {
    try {
      return new URI("jar:file:/lib/redist.jar!/libnvinfer.so.11").toURL();
    } catch (URISyntaxException | MalformedURLException e) {
      throw new IllegalStateException(e);
    }
  }

  private Path folder(String name, String... files) throws Exception {
    Path folder = Files.createDirectory(temp.resolve(name));
    for (String file : files) {
      Files.createFile(folder.resolve(file));
    }
    return folder;
  }

  @Test
  void namedDirectoryIsFirst() throws Exception {
    Path named = folder("named", "libnvinfer.so.11");
    Path system = folder("system", "libnvinfer.so.11");
    TensorRtLibrary.Location found =
        TensorRtLibrary.find(named.toString(), "KILN_TENSORRT", IN_JAR, List.of(system));
    assertThat(found.directory()).contains(named);
    assertThat(found).hasToString(named + " (KILN_TENSORRT)");
  }

  @Test
  void systemPrecedesTheJar() throws Exception {
    Path without = folder("without", "libnvinfer.so.10");
    Path system = folder("system", "libnvinfer.so.11");
    assertThat(TensorRtLibrary.find(null, "", IN_JAR, List.of(without, system)).directory())
        .contains(system);
    TensorRtLibrary.Location jar = TensorRtLibrary.find(null, "", IN_JAR, List.of(without));
    assertThat(jar.directory()).isEmpty();
    assertThat(jar).hasToString("JavaCPP's jar");
  }

  /** A bundle contains the version that it was tested with; that of the system may differ. */
  @Test
  void bundlePrecedesTheSystem() throws Exception {
    Path bundle = folder("bundle", "libnvinfer.so.11");
    Path system = folder("system", "libnvinfer.so.11");
    URL resource = bundle.resolve("libnvinfer.so.11").toUri().toURL();
    assertThat(TensorRtLibrary.find(null, "", resource, List.of(system)))
        .hasToString(bundle + " (this bundle's)");
    assertThat(
            TensorRtLibrary.find(system.toString(), "KILN_TENSORRT", resource, List.of())
                .directory())
        .contains(system);
  }

  @Test
  void librariesWithoutResourcesOfArchitecturesAreLimited() throws Exception {
    TensorRtLibrary.Location jar = new TensorRtLibrary.Location(Optional.empty(), "JavaCPP's jar");
    assertThat(jar.limitation())
        .hasValueSatisfying(text -> assertThat(text).contains("KILN_TENSORRT"));
    TensorRtLibrary.Location directory =
        new TensorRtLibrary.Location(Optional.of(temp), "the system's");
    Files.createFile(temp.resolve("libnvinfer_builder_resource_ptx.so.11.2.1"));
    assertThat(directory.limitation()).isPresent();
    Files.createFile(temp.resolve("libnvinfer_builder_resource_sm90.so.11.2.1"));
    assertThat(directory.limitation()).isEmpty();
  }

  @Test
  void missingLibraryIsReported() {
    assertThatThrownBy(() -> TensorRtLibrary.find(null, "", null, List.of()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContainingAll("TensorRT 11", "-Pgpu", "KILN_TENSORRT");
  }

  @Test
  void otherVersionInTheNamedDirectoryIsReported() throws Exception {
    Path named = folder("named", "libnvinfer.so.10", "libnvinfer.so.10.13.3");
    assertThatThrownBy(
            () -> TensorRtLibrary.find(named.toString(), "KILN_TENSORRT", IN_JAR, List.of()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContainingAll("KILN_TENSORRT=" + named, "libnvinfer.so.11", "libnvinfer.so.10");
    assertThatThrownBy(
            () -> TensorRtLibrary.find(temp + "/gone", "KILN_TENSORRT", IN_JAR, List.of()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("no such directory");
    assertThatThrownBy(() -> TensorRtLibrary.find(temp.toString(), "X", IN_JAR, List.of()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("no libnvinfer");
  }

  @Test
  void readsTheCacheOfTheLoader() {
    String cache =
        """
        	libnvinfer_plugin.so.11 (libc6,x86-64) => /opt/a/libnvinfer_plugin.so.11
        	libnvinfer.so.10 (libc6,x86-64) => /opt/b/libnvinfer.so.10
        	libnvinfer.so.11 (libc6,x86-64) => /opt/trt/lib/libnvinfer.so.11
        """;
    assertThat(TensorRtLibrary.cached(cache)).contains(Path.of("/opt/trt/lib"));
    assertThat(TensorRtLibrary.cached("123 libs found in cache")).isEmpty();
  }

  /**
   * Loads the real libraries, even without a driver: cuBLAS, cuDNN and TensorRT's plugins are
   * neither needed nor loaded, and errors of TensorRT are part of the exception.
   */
  @Test
  @Timeout(120)
  void librariesLoad() {
    requireTensorRt();
    assertThat(TensorRtLibrary.load()).matches("11\\.\\d+\\.\\d+\\.\\d+");
    assertThat(TensorRtLibrary.load()).isSameAs(TensorRtLibrary.load());
    assertThat(System.getProperty("org.bytedeco.javacpp.loadLibraries")).isNull();
    assertThat(nvonnxparser.getNvOnnxParserVersion()).isPositive();
    assertThat(Loader.getLoadedLibraries().keySet())
        .contains("nvinfer@.11", "nvonnxparser@.11", "jninvinfer", "jninvonnxparser")
        .doesNotContain("jnicublas", "jnicudnn", "jninvinfer_plugin");
  }

  @Test
  @Timeout(120)
  void errorsOfTensorRtAreReported() {
    requireTensorRt();
    assumeFalse(CudaDriver.status().ready(), "this machine has a GPU");
    TensorRtLibrary.load();
    TensorRtLog log = TensorRtLog.get();
    assertThatThrownBy(() -> log.made(nvinfer.createInferBuilder(log), "no builder"))
        .isInstanceOf(TensorRtException.class)
        .hasMessageContainingAll("TensorRT: no builder", "CUDA");
    assertThat(log.errors()).isEmpty();
  }

  private static void requireTensorRt() {
    try {
      TensorRtLibrary.find();
    } catch (ConfigurationException e) {
      assumeTrue(false, e.getMessage());
    }
  }
}

package dev.kiln.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NvidiaLibraryTest {
  @TempDir Path root;

  private Path directory(String name) throws Exception {
    return Files.createDirectories(root.resolve(name));
  }

  /** PyTorch's packages in a virtual environment that is on the path but not activated. */
  @Test
  void packagesOfThePythonOnThePathAreSearched() throws Exception {
    String packages = "opt/torch/.venv/lib/python3.12/site-packages/nvidia/";
    Path toolkit = directory(packages + "cu13/lib");
    Path cudnn = directory(packages + "cudnn/lib");
    Path binaries = directory("opt/torch/.venv/bin");
    Map<String, String> environment = Map.of("PATH", "/nowhere/bin:" + binaries);

    assertThat(NvidiaLibrary.CUDNN.directories(environment, root)).isEmpty();

    Files.writeString(binaries.resolve("python3"), "");

    assertThat(NvidiaLibrary.CUDNN.directories(environment, root)).containsExactly(toolkit, cudnn);
    assertThat(NvidiaLibrary.CUBLAS.directories(environment, root)).containsExactly(toolkit);
    assertThat(NvidiaLibrary.CUBLAS.directories(Map.of(), root)).isEmpty();
  }

  @Test
  void theNamedDirectoryIsTheOnlyOne() throws Exception {
    Path toolkit = directory("usr/local/cuda-13.0/lib64");

    assertThat(NvidiaLibrary.CUBLAS.directories(Map.of(), root)).containsExactly(toolkit);
    assertThat(NvidiaLibrary.CUBLAS.directories(Map.of("KILN_CUBLAS", "/opt/x"), root))
        .containsExactly(Path.of("/opt/x"));
  }
}

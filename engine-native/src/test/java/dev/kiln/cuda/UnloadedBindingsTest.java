package dev.kiln.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.bytedeco.javacpp.Loader;
import org.junit.jupiter.api.Test;

class UnloadedBindingsTest {
  private static final String CUBLAS = "org.bytedeco.cuda.global.cublas";
  private static final String PROPERTY = "org.bytedeco.javacpp.loadLibraries";

  /** To ask for a library that is not there does no harm to who only names its class. */
  @Test
  void aLibraryThatIsNotThere() {
    CudaDriver.prepare();
    assertThat(System.getProperty(PROPERTY)).isNull();
    boolean there = loads();
    assumeTrue(!there, "this machine has cuBLAS");
    assertThat(loads()).isFalse();
    assertThatCode(() -> Class.forName(CUBLAS)).doesNotThrowAnyException();
    assertThatCode(() -> UnloadedBindings.initialise(CUBLAS)).doesNotThrowAnyException();
  }

  private static boolean loads() {
    try {
      Loader.load(org.bytedeco.cuda.global.cublas.class);
      return true;
    } catch (UnsatisfiedLinkError e) {
      return false;
    }
  }

  @Test
  void whatIsSetStaysSet() {
    CudaDriver.prepare();
    System.setProperty(PROPERTY, "true");
    try {
      assertThatThrownBy(() -> UnloadedBindings.initialise("org.bytedeco.cuda.global.nothing"))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("nothing");
      assertThat(System.getProperty(PROPERTY)).isEqualTo("true");
    } finally {
      System.clearProperty(PROPERTY);
    }
  }
}

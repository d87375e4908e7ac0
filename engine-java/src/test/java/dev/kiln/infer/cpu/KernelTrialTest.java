package dev.kiln.infer.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kiln.infer.cpu.KernelTrial.Result;
import dev.kiln.infer.cpu.MatrixProducts.Shape;
import dev.kiln.model.Architecture;
import dev.kiln.nativelib.FloatInstructions;
import dev.kiln.type.DataType;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Trials of float32 kernels, which most CPUs have: those of bfloat16 differ in nothing but the
 * type.
 */
@Timeout(60)
class KernelTrialTest {
  private static final Architecture MODEL = new Architecture("custom", 64, 2, 2, 32, 128);

  private static OwnKernels own() {
    assumeTrue(
        FloatInstructions.fastest() != FloatInstructions.PORTABLE, "this CPU has no AVX2 and FMA");
    return OwnKernels.fp32(2);
  }

  /** Attention that leaves its output as it is. */
  private static OwnKernels idle() {
    OwnKernels right = own();
    return new OwnKernels(
        DataType.FP32,
        "none",
        1e-5,
        1,
        new FusedKernel("idle", (shape, query, key, value, out, threads) -> {}),
        right.products());
  }

  @Test
  void attentionOfBothAgrees() {
    OwnKernels own = own();
    try (OneDnn dnn = new OneDnn(2)) {
      Result result = new KernelTrial(dnn, own).attention(MODEL, 50);

      assertThat(result.error()).isBetween(0.0, 1e-5);
      assertThat(result.own()).isPositive();
      assertThat(result.oneDnn()).isPositive();
    }
  }

  @ParameterizedTest
  @EnumSource
  void productsOfBothAgree(Epilogue epilogue) {
    OwnKernels own = own();
    try (OneDnn dnn = new OneDnn(2)) {
      KernelTrial trial = new KernelTrial(dnn, own);
      Shape strided = new Shape(50, 40, 64, 96, DataType.FP32);
      Shape dense = new Shape(50, 40, 64, DataType.FP32);

      // Accumulated outputs contain the sums of both runs, which must be equally many.
      assertThat(trial.product("p", dense, true, epilogue).error()).isBetween(0.0, 1e-5);
      assertThat(trial.product("p", strided, false, epilogue).error()).isBetween(0.0, 1e-5);
    }
  }

  @Test
  void wrongResultsLose() {
    OwnKernels idle = idle();
    try (OneDnn dnn = new OneDnn(1)) {
      KernelTrial trial = new KernelTrial(dnn, idle);

      assertThat(trial.attention(MODEL, 50).error()).isBetween(0.99, 1.01);
      assertThat(trial.ownAttentionWins(MODEL, 50)).isFalse();
    }
  }

  @Test
  void failuresLose() {
    OwnKernels right = own();
    OwnKernels failing =
        new OwnKernels(
            DataType.FP32,
            "none",
            1e-5,
            1,
            right.attention(),
            source -> {
              throw new IllegalStateException("no such instruction");
            });
    try (OneDnn dnn = new OneDnn(1)) {
      assertThat(
              new KernelTrial(dnn, failing)
                  .ownProductWins("p", new Shape(50, 40, 64, DataType.FP32), true, Epilogue.STORE))
          .isFalse();
    }
  }

  /** Its time says little: the choice is the same in every run. */
  @Test
  void smallOperationsAreKilnsIfCorrect() {
    OwnKernels right = own();
    OwnKernels neverFastEnough =
        new OwnKernels(DataType.FP32, "slow", 1e-5, 0, right.attention(), right.products());
    try (OneDnn dnn = new OneDnn(1)) {
      KernelTrial trial = new KernelTrial(dnn, neverFastEnough);

      assertThat(trial.ownAttentionWins(MODEL, 50)).isTrue();
      assertThat(
              trial.ownProductWins(
                  "small", new Shape(50, 40, 64, DataType.FP32), true, Epilogue.STORE))
          .isTrue();
      assertThat(
              trial.ownProductWins(
                  "large", new Shape(600, 1024, 512, DataType.FP32), true, Epilogue.STORE))
          .isFalse();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0.9, 1, 1e-3, true",
    "0.96, 1, 1e-3, false",
    "2, 1, 1e-3, false",
    "0.1, 1, 1.1e-2, false",
    "0.1, 1, NaN, false",
  })
  void ownKernelsWinIfTheyAreCorrectAndFaster(
      double own, double oneDnn, double error, boolean wins) {
    assertThat(new Result(own, oneDnn, error).ownWins(1e-2, 0.95)).isEqualTo(wins);
  }

  @Test
  void aShapeIsTriedOnceAndFewRowsNever() {
    List<String> tried = new ArrayList<>();
    List<String> created = new ArrayList<>();
    TrialProducts products =
        new TrialProducts(
            named("kiln", created),
            named("onednn", created),
            TrialProducts.once(
                (name, shape, bias, epilogue) -> {
                  tried.add(name);
                  return name.equals("up");
                }));
    Shape up = new Shape(50, 8, 16, DataType.FP32);
    products.product("up", up, true, Epilogue.GELU);
    products.product("up", up, true, Epilogue.GELU);
    products.product("down", new Shape(50, 16, 8, DataType.FP32), true, Epilogue.ACCUMULATE);
    products.product("q", new Shape(1, 8, 16, DataType.FP32), false, Epilogue.STORE);

    assertThat(tried).containsExactly("up", "down");
    assertThat(created).containsExactly("kiln up", "kiln up", "onednn down", "onednn q");
  }

  private static MatrixProducts named(String owner, List<String> created) {
    return (name, shape, bias, epilogue) -> {
      created.add(owner + " " + name);
      return null;
    };
  }
}

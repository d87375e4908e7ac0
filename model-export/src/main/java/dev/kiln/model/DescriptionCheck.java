package dev.kiln.model;

import dev.kiln.error.Mismatch;
import dev.kiln.platform.Band;
import dev.kiln.platform.Platform;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Checks that a model's description is consistent, because it is a file that can be damaged or
 * edited: everything that an encoder computes sizes from, or normalizes pixels with.
 */
final class DescriptionCheck {
  /** Far above any published encoder; products of such sizes fit into a {@code long}. */
  private static final int MOST = 1 << 20;

  private final ModelDescription description;

  private DescriptionCheck(ModelDescription description) {
    this.description = description;
  }

  /**
   * Checks a description.
   *
   * @param description of a model
   * @return the first problem, as {@code WHERE: expected X, found Y}; empty if there is none
   */
  static Optional<String> problem(ModelDescription description) {
    DescriptionCheck check = new DescriptionCheck(description);
    return check
        .architecture()
        .or(check::files)
        .or(check::platforms)
        .or(check::tensors)
        .or(check::weights);
  }

  private Optional<String> architecture() {
    Architecture a = description.architecture();
    Map<String, Integer> sizes = new LinkedHashMap<>();
    sizes.put("dim", a.dim());
    sizes.put("depth", a.depth());
    sizes.put("heads", a.heads());
    sizes.put("dimHead", a.dimHead());
    sizes.put("mlpDim", a.mlpDim());
    for (Map.Entry<String, Integer> size : sizes.entrySet()) {
      if (size.getValue() < 1 || size.getValue() > MOST) {
        return mismatch("architecture: " + size.getKey(), "1 to " + MOST, size.getValue());
      }
    }
    return a.dim() % 4 == 0 && a.dim() > 8
        ? Optional.empty()
        : mismatch("architecture: dim", "a multiple of 4 above 8", a.dim());
  }

  private Optional<String> files() {
    Set<String> names = new HashSet<>();
    names.add(description.weights().file());
    description.graphs().forEach(graph -> names.add(graph.file()));
    for (String name : names) {
      if (name.isBlank() || name.contains("/") || name.contains("..") || name.indexOf(0) >= 0) {
        return mismatch("file", "a name in the model's directory", "'" + name + "'");
      }
    }
    return Optional.empty();
  }

  private Optional<String> platforms() {
    Optional<String> repeated =
        repeated("platform", description.platforms().stream().map(Platform::name).toList());
    if (repeated.isPresent()) {
      return repeated;
    }
    for (Platform platform : description.platforms()) {
      String where = "platform " + platform.name();
      if (!isPositive(platform.gsd())) {
        return mismatch(where + ": gsd", "a positive number of metres", platform.gsd());
      }
      if (platform.bands().isEmpty()) {
        return mismatch(where, "at least one band", "none");
      }
      repeated = repeated(where + ": band", platform.bands().stream().map(Band::name).toList());
      if (repeated.isPresent()) {
        return repeated;
      }
      for (Band band : platform.bands()) {
        if (!Double.isFinite(band.mean()) || !isPositive(band.std())) {
          return mismatch(
              "band %s of %s".formatted(band.name(), platform.name()),
              "a finite mean and a positive std",
              band.mean() + " and " + band.std());
        }
        if (band.scale().isPresent() && !band.scale().get().isPossible()) {
          return mismatch(
              "band %s of %s".formatted(band.name(), platform.name()),
              "a finite scale other than 0 and a finite offset",
              band.scale().get());
        }
        if (!isPositive(band.wavelength())) {
          return mismatch(
              "band %s of %s".formatted(band.name(), platform.name()),
              "a positive wavelength",
              band.wavelength());
        }
      }
    }
    return Optional.empty();
  }

  private static boolean isPositive(double value) {
    return value > 0 && Double.isFinite(value);
  }

  private Optional<String> tensors() {
    for (ModelDescription.Tensor tensor : description.tensors()) {
      for (long size : tensor.shape()) {
        if (size < 1 || size > MOST) {
          return mismatch("tensor " + tensor.name(), "sizes of 1 to " + MOST, tensor.shape());
        }
      }
      if (tensor.shape().size() > 2) {
        return mismatch("tensor " + tensor.name(), "at most two dimensions", tensor.shape());
      }
      long found = description.weights().bytes();
      if (tensor.offset() < 0 || tensor.offset() > found - tensor.bytes()) {
        return mismatch(
            "tensor " + tensor.name(),
            "bytes %d+%d in %s"
                .formatted(tensor.offset(), tensor.bytes(), description.weights().file()),
            found + " bytes");
      }
    }
    return repeated(
        "tensor", description.tensors().stream().map(ModelDescription.Tensor::name).toList());
  }

  private static Optional<String> repeated(String what, Collection<String> names) {
    Set<String> seen = new HashSet<>();
    return names.stream()
        .filter(name -> !seen.add(name))
        .findFirst()
        .map(name -> Mismatch.of(what, "different names", name + " twice"));
  }

  /** Checks the shapes of all tensors, if there are any: a model for tests can have none. */
  private Optional<String> weights() {
    if (description.tensors().isEmpty()) {
      return Optional.empty();
    }
    Map<String, List<Long>> found = new LinkedHashMap<>();
    description.tensors().forEach(tensor -> found.put(tensor.name(), tensor.shape()));
    for (Map.Entry<String, List<Long>> tensor : shapes().entrySet()) {
      List<Long> shape = found.get(tensor.getKey());
      if (!tensor.getValue().equals(shape)) {
        return mismatch(
            "tensor " + tensor.getKey(),
            "shape " + tensor.getValue(),
            shape == null ? "no such tensor" : shape);
      }
    }
    return Optional.empty();
  }

  /** Returns the shape of every tensor of the architecture; {@link ModelDirectory} lists them. */
  private Map<String, List<Long>> shapes() {
    Architecture a = description.architecture();
    long dim = a.dim();
    long inner = a.inner();
    long mlp = a.mlpDim();
    Map<String, List<Long>> shapes = new LinkedHashMap<>();
    shapes.put("cls_token", List.of(dim));
    shapes.put("position.omega", List.of((dim - 8) / 4));
    for (int i = 0; i < a.depth(); i++) {
      String attention = "block." + i + ".attention.";
      String dense = "block." + i + ".mlp.";
      norm(shapes, attention + "norm", dim);
      if (i < a.depth() - 1) {
        shapes.put(attention + "qkv", List.of(dim, 3 * inner));
      } else {
        shapes.put(attention + "q", List.of(dim, inner));
        shapes.put(attention + "kv", List.of(dim, 2 * inner));
      }
      shapes.put(attention + "out", List.of(inner, dim));
      norm(shapes, dense + "norm", dim);
      shapes.put(dense + "up.weight", List.of(dim, mlp));
      shapes.put(dense + "up.bias", List.of(mlp));
      shapes.put(dense + "down.weight", List.of(mlp, dim));
      shapes.put(dense + "down.bias", List.of(dim));
    }
    norm(shapes, "norm", dim);
    for (Platform platform : description.platforms()) {
      String patch = "patch." + platform.name();
      long pixels = Architecture.patchPixels();
      shapes.put(patch + ".weight", List.of(platform.bands().size() * pixels, dim));
      shapes.put(patch + ".bias", List.of(dim));
    }
    return shapes;
  }

  private static void norm(Map<String, List<Long>> shapes, String name, long dim) {
    shapes.put(name + ".weight", List.of(dim));
    shapes.put(name + ".bias", List.of(dim));
  }

  private static Optional<String> mismatch(String where, Object expected, Object found) {
    return Optional.of(Mismatch.of(where, expected, found));
  }
}

package dev.kiln.run;

import dev.kiln.archive.BandAliases;
import dev.kiln.archive.BandAsset;
import dev.kiln.archive.BandWords;
import dev.kiln.archive.ImageFile;
import dev.kiln.archive.Scene;
import dev.kiln.error.Printable;
import dev.kiln.error.SceneException;
import dev.kiln.platform.Platform;
import dev.kiln.raster.CogFile;
import dev.kiln.raster.TiffDescription;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Compares which bands the files of a scene have, according to an item, with what the files state
 * themselves. Users state the bands of plain files, or the files do.
 */
final class BandOrderCheck {
  /** Most bands of a file whose red, green and blue are known by its colours. */
  private static final int MOST_OF_COLOURS = 4;

  private final Platform platform;
  private final Scene scene;
  private final Map<String, CogFile> files;

  /**
   * Creates the check.
   *
   * @param files of the scene by name, borrowed
   */
  BandOrderCheck(Platform platform, Scene scene, Map<String, CogFile> files) {
    this.platform = platform;
    this.scene = scene;
    this.files = files;
  }

  /**
   * Checks that bands are those that the file states by descriptions, that the item describes all
   * bands of a file, and that bands that it does not describe are those of the file's colours.
   * Colours do not contradict an item: programs tag any three bands as red, green and blue.
   *
   * @throws SceneException permanent if file and item contradict each other, or the item leaves
   *     open which band is which
   */
  void require() throws SceneException {
    boolean stated = scene.decisions().containsKey("bands");
    for (BandAsset band : scene.bands()) {
      CogFile file = files.get(band.object().name());
      if (file == null || band.index() > file.bands()) {
        continue;
      }
      if (!stated) {
        requireDescription(file, band);
        requireWhole(file, band);
      }
      Optional<String> colour = file.colour(band.index());
      if (file.bands() > 1
          && band.byOrder()
          && CogFile.COLOURS_OF_LIGHT.contains(band.band())
          && colour.filter(c -> !c.equals(band.band())).isPresent()) {
        throw otherBand(file, band, colour.get());
      }
    }
    if (!stated) {
      requireSameOrder();
    }
  }

  /** Checks that the file does not describe a band as another one. */
  private void requireDescription(CogFile file, BandAsset band) throws SceneException {
    String text = file.description(band.index());
    boolean unique =
        IntStream.rangeClosed(1, file.bands())
                .filter(index -> file.description(index).equalsIgnoreCase(text))
                .count()
            == 1;
    List<String> expected = expected(band);
    if (text.isEmpty() || !unique || BandWords.agree(text, expected)) {
      return;
    }
    Optional<String> named = BandAliases.standard().bandOf(platform, scene.itemId(), text);
    if (named.filter(other -> !other.equals(band.band())).isPresent()) {
      throw otherBand(file, band, named.get());
    }
    if (named.isEmpty()
        && !ImageFile.isGeneric(text)
        && BandWords.contradict(text, expected, band.index())) {
      throw otherBand(file, band, text);
    }
  }

  /** Returns all names of a band, of the platform, of catalogues and of the item. */
  private List<String> expected(BandAsset band) {
    List<String> names =
        new ArrayList<>(BandAliases.standard().names(platform, scene.itemId(), band.band()));
    names.addAll(band.described().names());
    return names;
  }

  /**
   * Checks that the item describes as many bands as the file has, but for opacity; otherwise the
   * first of the item need not be the first of the file, unless the file confirms it.
   */
  private void requireWhole(CogFile file, BandAsset band) throws SceneException {
    long ofFile =
        scene.bands().stream().filter(other -> files.get(other.object().name()) == file).count();
    int described = band.described().bands();
    if (described == 0 && ofFile > 1) {
      return;
    }
    long opaque =
        IntStream.rangeClosed(1, file.bands())
            .filter(index -> isOpacity(file, index) && !isUsed(file, index))
            .count();
    long bands = file.bands() - opaque;
    int expected = Math.max(1, described);
    boolean confirmed =
        BandWords.agree(file.description(band.index()), expected(band))
            || bands <= MOST_OF_COLOURS
                && file.colour(band.index()).filter(band.band()::equals).isPresent();
    if (expected == bands || described == file.bands() || confirmed) {
      return;
    }
    throw SceneException.permanent(
        file.objectKey(),
        "expected %d %s, as many as the item describes, found %d in the file: describe all of them in the item (bands or eo:bands), or name them in the file"
            .formatted(expected, expected == 1 ? "band" : "bands", bands));
  }

  private static boolean isOpacity(CogFile file, int index) {
    return file.isAlpha(index)
        || file.description()
            .filter(found -> index <= found.colours().size())
            .filter(found -> found.colours().get(index - 1).equals("alpha"))
            .isPresent();
  }

  private boolean isUsed(CogFile file, int index) {
    return scene.bands().stream()
        .anyMatch(band -> files.get(band.object().name()) == file && band.index() == index);
  }

  /**
   * Checks the bands of an only file that the item does not describe, as those of plain files are:
   * by their number, names and colours.
   */
  private void requireSameOrder() throws SceneException {
    CogFile file = files.get(scene.bands().get(0).object().name());
    boolean undescribed =
        files.size() == 1
            && file != null
            && file.bands() >= Math.max(2, platform.bands().size())
            && scene.bands().stream().allMatch(BandAsset::byOrder);
    Optional<TiffDescription> found = undescribed ? file.description() : Optional.empty();
    if (found.isEmpty()) {
      return;
    }
    List<String> names =
        found.get().names().stream()
            .map(name -> BandAliases.standard().bandOf(platform, scene.itemId(), name).orElse(name))
            .toList();
    ImageFile image =
        new ImageFile(file.objectKey(), names, found.get().colours(), Optional.empty());
    if (!image.isInOrderOf(platform)) {
      throw SceneException.permanent(
          file.objectKey(),
          "expected the %d bands of %s in its order, because the item does not describe its bands, found %s: describe them in the item (bands or eo:bands)"
              .formatted(platform.bands().size(), platform.name(), image.describe()));
    }
  }

  private static SceneException otherBand(CogFile file, BandAsset band, String found) {
    return SceneException.permanent(
        file.objectKey(),
        (band.byOrder()
                ? "band %d: expected %s, because the item does not describe its bands, found %s: describe them in the item (bands or eo:bands)"
                : "band %d: expected %s, because the item says so, found %s in the file's descriptions: correct the wrong one")
            .formatted(band.index(), band.band(), Printable.of(found)));
  }
}

package dev.kiln.quirks;

import java.util.Optional;
import java.util.function.Supplier;

/**
 * A quirk of real archives.
 *
 * @param name what is odd
 * @param platform sensor platform of both scenes
 * @param plain a scene without the quirk, of the same ground
 * @param quirky the scene with the quirk
 * @param chips chips that both scenes have
 * @param refusal part of the reason with which the quirky scene fails; empty if it gives the same
 *     vectors
 */
record Quirk(
    String name,
    String platform,
    Supplier<QuirkScene> plain,
    Supplier<QuirkScene> quirky,
    int chips,
    Optional<String> refusal) {
  @Override
  public String toString() {
    return name;
  }
}

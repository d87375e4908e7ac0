package dev.kiln.sample;

import dev.kiln.model.Architecture;

/**
 * What a sample holds.
 *
 * @param naipScenes how many NAIP scenes
 * @param sentinel2Scenes how many Sentinel-2 scenes
 * @param model size of the checkpoint with random weights
 * @param seed the same options give the same bytes
 */
public record SampleOptions(
    SampleSize size, int naipScenes, int sentinel2Scenes, Architecture model, long seed) {}

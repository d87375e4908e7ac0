package dev.kiln.sample;

import dev.kiln.model.Architecture;

/**
 * Contents of a sample.
 *
 * @param size size of the scenes
 * @param naipScenes number of NAIP scenes
 * @param sentinel2Scenes number of Sentinel-2 scenes
 * @param model architecture of the checkpoint with random weights
 * @param seed random seed; the same options give the same bytes
 */
public record SampleOptions(
    SampleSize size, int naipScenes, int sentinel2Scenes, Architecture model, long seed) {}

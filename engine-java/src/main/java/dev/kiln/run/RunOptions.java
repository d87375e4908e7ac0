package dev.kiln.run;

import java.time.Duration;

/**
 * How a run uses the machine. None of these changes a byte of the output.
 *
 * @param fetchThreads scenes fetched at once
 * @param fetchMemory bytes of fetched scenes held at once
 * @param decodeThreads scenes decoded at once
 * @param inflateThreads threads that inflate the tiles of one scene
 * @param strips decoded strips that wait for the encoder
 * @param slots batches on their way through the encoder: one fills, one computes, one drains
 * @param overwrite embed scenes again whose output exists
 * @param attempts tries for a transient fault
 * @param pricePerHour of the machine, for the report; 0 if unknown
 * @param stallLimit a run in which nothing moves for so long is ended
 */
public record RunOptions(
    int fetchThreads,
    long fetchMemory,
    int decodeThreads,
    int inflateThreads,
    int strips,
    int slots,
    boolean overwrite,
    int attempts,
    double pricePerHour,
    Duration stallLimit) {}

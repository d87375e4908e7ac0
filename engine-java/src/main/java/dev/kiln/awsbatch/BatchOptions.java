package dev.kiln.awsbatch;

import java.net.URI;
import java.time.Duration;
import java.util.Optional;

/**
 * How AWS Batch is reached.
 *
 * @param endpoint of another service that speaks its protocol; empty for AWS
 * @param region empty for the environment's or profile's
 * @param attempts tries of a request that may pass
 * @param firstPause before the second try; it doubles from try to try
 * @param settling how long Batch may take to list a job that it has taken
 */
public record BatchOptions(
    Optional<URI> endpoint,
    Optional<String> region,
    int attempts,
    Duration firstPause,
    Duration settling) {}

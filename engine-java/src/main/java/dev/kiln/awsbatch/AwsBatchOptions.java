package dev.kiln.awsbatch;

import java.net.URI;
import java.time.Duration;
import java.util.Optional;

/**
 * Connection to AWS Batch.
 *
 * @param endpoint another service that implements the AWS Batch API; empty for AWS
 * @param region AWS region; empty for the one of the environment or profile
 * @param attempts attempts of a request, the first one included
 * @param firstPause pause before the second attempt; doubles with every further attempt
 * @param listingDelay how long AWS Batch may take to list a job that it has accepted
 */
public record AwsBatchOptions(
    Optional<URI> endpoint,
    Optional<String> region,
    int attempts,
    Duration firstPause,
    Duration listingDelay) {}

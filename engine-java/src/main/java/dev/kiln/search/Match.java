package dev.kiln.search;

/**
 * A chip that a search found.
 *
 * @param rank from 1
 * @param score cosine of the chip's vector and the query, -1 to 1
 * @param chip what the dataset records of it
 */
public record Match(int rank, float score, FoundChip chip) {}

package dev.kiln.dataset;

/**
 * A file that could not be read. Its rows are missing from what was read, in whole or in part.
 *
 * @param key of the file
 * @param reason one line that names the file, what is wrong with it and where
 */
public record FileFault(String key, String reason) {}

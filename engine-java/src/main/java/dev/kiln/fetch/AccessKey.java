package dev.kiln.fetch;

/**
 * A pair of S3 credentials. Shows as its id alone, and never in full.
 *
 * @param id which key
 * @param secret to sign with
 */
public record AccessKey(String id, String secret) {
  @Override
  public String toString() {
    return "access key …" + id.substring(Math.max(0, id.length() - 4));
  }
}

package dev.kiln.fetch;

/**
 * A pair of S3 credentials. Its text form contains the end of the id only.
 *
 * @param id of the key
 * @param secret to sign with
 */
public record AccessKey(String id, String secret) {
  @Override
  public String toString() {
    return "access key …" + id.substring(Math.max(0, id.length() - 4));
  }
}

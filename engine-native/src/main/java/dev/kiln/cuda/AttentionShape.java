package dev.kiln.cuda;

/**
 * Attention of all tokens to all tokens, in bfloat16: {@code softmax(factor · q · kᵀ) · v} for each
 * chip and head.
 *
 * <p>Queries, keys and values are interleaved as {@code [batch, tokens, 3, heads, headSize]}; the
 * result is {@code [batch, tokens, heads, headSize]}.
 *
 * @param batch number of chips
 * @param tokens of each chip
 * @param heads number of heads
 * @param headSize values of a head
 * @param factor of the scores, which are natural logarithms after it
 */
public record AttentionShape(int batch, int tokens, int heads, int headSize, float factor) {
  /** Returns the values of a token in q, k or v. */
  long inner() {
    return (long) heads * headSize;
  }

  /** Returns the bytes of queries, keys and values. */
  public long inputBytes() {
    return 3 * outputBytes();
  }

  /** Returns the bytes of the result. */
  public long outputBytes() {
    return batch * (long) tokens * inner() * Short.BYTES;
  }

  /** Returns the number of multiplications and additions. */
  public double flops() {
    return 4.0 * batch * heads * tokens * tokens * headSize;
  }
}

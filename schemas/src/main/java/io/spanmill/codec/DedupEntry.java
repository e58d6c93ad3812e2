/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.codec;

/** One identity of a {@link DedupBatch}: a plain struct, reused; not thread-safe. */
public final class DedupEntry {
  public long spanHash;

  /** 0: the span is matched by its own identity alone. */
  public long attemptHash;

  public int spanBits;
  public int parentBits;
  public int startMicros;
  public int endMicros;

  /**
   * Of the ids that the attempt's hash leaves out; 0: the span tells neither call nor response id.
   */
  public int idBits;
}

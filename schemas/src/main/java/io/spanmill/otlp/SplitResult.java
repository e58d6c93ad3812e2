/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

import java.util.List;

/**
 * One export request split by partition.
 *
 * @param chunks valid requests, each for one partition
 * @param spans spans of the request
 * @param rejectedSpans spans that are not in the chunks, for good
 * @param rejection why, in English; empty if none was rejected
 * @param cutSpans spans that were shortened
 * @param excessBytes 0, or, for a request that repeating its resources and scopes around spans of
 *     many records would swell beyond bounds, the bytes that would take; then there are no chunks
 */
public record SplitResult(
    List<Chunk> chunks,
    int spans,
    int rejectedSpans,
    String rejection,
    int cutSpans,
    long excessBytes) {
  /** A valid request whose traces all belong to one partition. */
  public record Chunk(int partition, byte[] value, int spans) {}

  public SplitResult {
    chunks = List.copyOf(chunks);
  }
}

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
 */
public record SplitResult(
    List<Chunk> chunks, int spans, int rejectedSpans, String rejection, int cutSpans) {
  /** A valid request whose traces all belong to one partition. */
  public record Chunk(int partition, byte[] value, int spans) {}

  public SplitResult {
    chunks = List.copyOf(chunks);
  }
}

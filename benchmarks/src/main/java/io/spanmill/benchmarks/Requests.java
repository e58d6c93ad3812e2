/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.benchmarks;

import io.spanmill.standalone.traffic.EncodedRequests;
import java.util.List;

/** The requests of all measurements: example traffic, 512 spans or a few more, of 1.2 kB each. */
final class Requests {
  static final int SPANS = 512;
  static final int SPAN_BYTES = 1200;

  private Requests() {}

  static List<EncodedRequests.Template> encode(int requests, long seed, String environment) {
    return EncodedRequests.encode(requests, SPANS, SPAN_BYTES, seed, environment);
  }

  /** The bytes of so many requests, for what sends nothing. */
  static byte[][] bytes(int requests, long seed) {
    return encode(requests, seed, "benchmark").stream()
        .map(EncodedRequests.Template::original)
        .toArray(byte[][]::new);
  }
}

/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.traffic;

import java.util.ArrayList;
import java.util.List;

/** One export request and what it holds; kept until it is settled. */
final class LoadBatch {
  private final List<TracePart> parts = new ArrayList<>();
  private int spans;
  private int lateSpans;
  private int repeatedSpans;

  /**
   * Adds the spans of one process.
   *
   * @param late whether they end well before they are sent
   * @param repeated whether they are sent again on purpose
   */
  void add(TracePart part, boolean late, boolean repeated) {
    parts.add(part);
    spans += part.spans();
    lateSpans += late ? part.spans() : 0;
    repeatedSpans += repeated ? part.spans() : 0;
  }

  List<TracePart> parts() {
    return parts;
  }

  int spans() {
    return spans;
  }

  /** Spans sent for the first time that end well before. */
  int lateSpans() {
    return lateSpans;
  }

  int repeatedSpans() {
    return repeatedSpans;
  }

  OtlpBody body() {
    return new OtlpBody(
        Spans.request(parts.stream().map(TracePart::resourceSpans).toList()).toByteArray(), false);
  }

  /** The very same request to be sent once more. */
  LoadBatch again() {
    LoadBatch again = new LoadBatch();
    parts.forEach(part -> again.add(part, false, true));
    return again;
  }
}

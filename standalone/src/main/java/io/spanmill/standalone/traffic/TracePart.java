/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.traffic;

import io.opentelemetry.proto.trace.v1.ResourceSpans;
import java.util.List;

/**
 * The spans of one trace that one process sends, and what they tell.
 *
 * @param origin who sends them
 * @param spans how many
 * @param facts what counts if they are taken
 */
record TracePart(Origin origin, ResourceSpans resourceSpans, int spans, List<Fact> facts) {
  /** Kinds of senders; each exports by itself. */
  enum Origin {
    GATEWAY,
    ENGINE,
    APPLICATION
  }
}

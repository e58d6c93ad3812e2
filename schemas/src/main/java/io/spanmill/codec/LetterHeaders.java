/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.deadletter;

/** Headers of a record of {@code otlp_spans_dlq}, all UTF-8 text. */
public final class LetterHeaders {
  /** What was wrong with it. */
  public static final String REASON = "reason";

  /** Where it came from. */
  public static final String TOPIC = "source.topic";

  public static final String PARTITION = "source.partition";
  public static final String OFFSET = "source.offset";

  private LetterHeaders() {}
}

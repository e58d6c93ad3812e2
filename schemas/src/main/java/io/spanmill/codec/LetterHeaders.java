/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.codec;

/**
 * Headers of a record of {@code otlp_spans_dlq}, all UTF-8 text. The topic holds letters, which
 * have a value, and notes that one was sent again, which have none.
 */
public final class LetterHeaders {
  /** What was wrong with it. */
  public static final String REASON = "reason";

  /** Where it came from. */
  public static final String TOPIC = "source.topic";

  public static final String PARTITION = "source.partition";
  public static final String OFFSET = "source.offset";

  /** Who set it aside: {@link #JOB}, {@link #BRIDGE}, or a sink. */
  public static final String BY = "set.aside.by";

  public static final String JOB = "job";
  public static final String BRIDGE = "bridge";

  /** Prefix of a sink's name: {@code sink-spans}. */
  public static final String SINK = "sink-";

  /** Of a note: the letter it tells of, {@code PARTITION:OFFSET} in the same topic. */
  public static final String SENT_AGAIN = "sent.again";

  /**
   * Of a record of {@code otlp_spans} that a sink had set aside and is sent again: the job counted
   * its spans when they came first, so it only is to be stored.
   */
  public static final String STORE_ONLY = "store.only";

  private LetterHeaders() {}
}

/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.dedup;

/** What a span is to those counted before it in its partition. */
public enum Verdict {
  /** Counts. */
  NEW,
  /** The very same span was here before: nothing about it is new. */
  RESENT,
  /** Another span told of the same attempt before: it is kept, but does not count. */
  DUPLICATE
}

/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.sink;

/** The batch in hand is no longer this sink's: its partitions went elsewhere, or the sink stops. */
final class BatchAbandoned extends Exception {
  private static final long serialVersionUID = 1;

  BatchAbandoned() {
    super("partitions were taken away or the sink stops", null, false, false);
  }
}

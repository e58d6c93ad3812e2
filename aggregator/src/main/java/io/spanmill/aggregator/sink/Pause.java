/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.sink;

/** A wait between two attempts. */
interface Pause {
  /**
   * Waits about so long.
   *
   * @throws BatchAbandoned if the batch need not be written any more
   */
  void await(long millis) throws BatchAbandoned;
}

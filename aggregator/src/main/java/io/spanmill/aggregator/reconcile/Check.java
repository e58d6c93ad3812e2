/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.reconcile;

/** Two tables that must agree over a range; may be asked again and again. */
interface Check {
  /** Most windows, or spans, that one look tells singly. */
  int MAX_PLACES = 200;

  /** Compares what is there now. */
  Look look();

  /** Whether rows of the compared tables may be written up to a day's emission apart. */
  default boolean slow() {
    return false;
  }
}

/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.model;

/** Whether a call's cost is known. */
public enum PricedState {
  /** Has a cost, be it 0. */
  PRICED,
  /** Used tokens, yet neither the sender nor the price book gives a cost. */
  UNPRICED,
  /** Nothing to price: a failure without usage, or a request or engine row. */
  NONE
}

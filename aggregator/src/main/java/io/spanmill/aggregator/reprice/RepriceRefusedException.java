/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.reprice;

/** Repricing cannot begin or go on now; the message says why and what to do. */
public final class RepriceRefusedException extends Exception {
  private static final long serialVersionUID = 1;

  RepriceRefusedException(String message) {
    super(message);
  }
}

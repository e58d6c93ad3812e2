/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.pricing;

import io.spanmill.model.NormalizedSpan;

/** Gives a call its cost. Implementations are safe for use by many threads. */
public interface Pricer {
  /**
   * Fills {@code computedPicoUsd}, {@code costPicoUsd}, {@code priced}, {@code priceBook} and
   * {@code priceEntry} from usage, reported cost and event time. Drops a reported 0 that nothing
   * backs. Calls of layers without money (engine, gateway_request) are left unpriced as {@code
   * NONE}.
   */
  void price(NormalizedSpan call);
}

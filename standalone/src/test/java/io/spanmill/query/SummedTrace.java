/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query;

import io.spanmill.query.ListedRows.Call;
import io.spanmill.query.ListedRows.Span;

/** What a trace comes to, row by row: the oracle of lists. */
class SummedTrace {
  final String id;
  long startNs = Long.MAX_VALUE;
  long endNs = Long.MIN_VALUE;
  long spans;
  long errors;
  boolean roots;
  boolean requests;

  /** Counted calls, and what they come to; {@code cost} in picodollars. */
  long counted;

  boolean priced;
  long cost;
  long tokens;

  private boolean failedRoots;
  private boolean failedRequests;
  private long lastMs = Long.MIN_VALUE;
  private boolean lastFailed;

  SummedTrace(String id) {
    this.id = id;
  }

  void add(Span s) {
    startNs = Math.min(startNs, s.startNs());
    endNs = Math.max(endNs, s.endNs());
    spans++;
    errors += s.failed() ? 1 : 0;
    roots |= s.root();
    failedRoots |= s.root() && s.failed();
  }

  void add(Call c) {
    if (c.layer().equals("gateway_request")) {
      requests = true;
      failedRequests |= c.failed();
      return;
    }
    counted++;
    priced |= c.cost() >= 0;
    cost += Math.max(0, c.cost());
    tokens += c.tokens();
    if (c.eventMs() > lastMs) {
      lastMs = c.eventMs();
      lastFailed = c.failed();
    }
  }

  final boolean failed() {
    return roots || requests ? failedRoots || failedRequests : lastFailed;
  }
}

/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query;

import static io.spanmill.query.ListedRows.DAY;
import static io.spanmill.query.ListedRows.in;

import io.spanmill.query.ListedRows.Call;
import io.spanmill.query.ListedRows.Span;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A trace as lists tell it: the sums of its rows, and what it is found by. */
final class ListedTrace extends SummedTrace {
  String session = "";
  long namedNs = Long.MAX_VALUE;
  String project = "";
  String user = "";
  final Set<String> teams = new HashSet<>();

  ListedTrace(String id) {
    super(id);
  }

  @Override
  void add(Call c) {
    super.add(c);
    if (c.layer().equals("gateway")) {
      teams.add(c.team());
    }
  }

  @Override
  void add(Span s) {
    super.add(s);
    project = s.project();
    user = user.compareTo(s.user()) < 0 ? s.user() : user;
    if (!s.session().isEmpty() && s.startNs() < namedNs) {
      namedNs = s.startNs();
      session = s.session();
    }
  }

  /** Picodollars; without a priced call -1 USD, without any call 0. */
  long sortCost() {
    return priced ? cost : requests || counted > 0 ? -1_000_000_000_000L : 0;
  }

  /** Those that begin in a range, with the rows of a day past it. */
  static List<ListedTrace> of(ListedRows rows, long from, long to) {
    Map<String, ListedTrace> all = new HashMap<>();
    for (Span s : rows.spans()) {
      if (in(s.ts(), from, to + DAY) && s.startNs() / 1_000_000 < to + 1) {
        all.computeIfAbsent(s.trace(), ListedTrace::new).add(s);
      }
    }
    for (Call c : rows.calls()) {
      ListedTrace t = all.get(c.trace());
      if (t != null && in(c.eventMs(), from, to + DAY)) {
        t.add(c);
      }
    }
    return all.values().stream()
        .filter(t -> in(Math.floorDiv(t.startNs, 1_000_000L), from, to))
        .toList();
  }
}

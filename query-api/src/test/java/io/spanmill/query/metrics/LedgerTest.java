/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.spanmill.query.sql.Figures;
import io.spanmill.query.sql.LedgerReader.Labels;
import io.spanmill.query.sql.LedgerReader.Line;
import java.util.List;
import org.junit.jupiter.api.Test;

class LedgerTest {
  private static final Labels A = new Labels("p", "gateway", "openai", "a", "chat");
  private static final Labels B = new Labels("p", "gateway", "openai", "b", "chat");
  private static final Labels C = new Labels("p", "gateway", "openai", "c", "chat");

  @Test
  void show_neverLowersAValue() {
    Ledger ledger = new Ledger(10);
    ledger.update(List.of(line(A, 5)));
    ledger.update(List.of(line(A, 3)));

    assertThat(calls(ledger, A, 0)).isEqualTo(5);
  }

  @Test
  void show_beginsNewSetsAtZeroButNotThoseOfTheFirstRead() {
    Ledger ledger = new Ledger(10);
    ledger.update(List.of(line(A, 5)));
    ledger.update(List.of(line(A, 6), line(B, 4)));

    assertThat(calls(ledger, A, 1000)).isEqualTo(6);
    assertThat(calls(ledger, B, 1000)).isZero();
    assertThat(calls(ledger, B, 20_000)).isEqualTo(4);
  }

  @Test
  void show_foldsSetsPastTheLimit() {
    Ledger ledger = new Ledger(2);
    ledger.update(List.of(line(A, 1), line(B, 2), line(C, 4)));

    Labels rest = new Labels("p", "gateway", "__other__", "__other__", "__other__");
    assertThat(calls(ledger, A, 0)).isEqualTo(1);
    assertThat(calls(ledger, B, 0)).isEqualTo(2);
    assertThat(calls(ledger, rest, 0)).isEqualTo(4);
  }

  private static double calls(Ledger ledger, Labels labels, long nowMs) {
    Ledger.Counters counters = ledger.show(nowMs).get(labels);
    return counters == null ? Double.NaN : counters.values[Ledger.index("calls")];
  }

  private static Line line(Labels labels, long calls) {
    Figures figures = new Figures();
    figures.calls = calls;
    return new Line(labels, "", figures, 0);
  }
}

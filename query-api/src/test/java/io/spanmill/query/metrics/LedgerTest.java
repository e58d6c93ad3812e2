/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.spanmill.query.sql.Figures;
import io.spanmill.query.sql.LedgerReader.Labels;
import io.spanmill.query.sql.LedgerReader.Line;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class LedgerTest {
  private static final Labels A = new Labels("p", "gateway", "openai", "a", "chat");
  private static final Labels B = new Labels("p", "gateway", "openai", "b", "chat");
  private static final Labels C = new Labels("p", "gateway", "openai", "c", "chat");

  private static final Labels REST =
      new Labels("p", "gateway", "__other__", "__other__", "__other__");
  private static final long ZERO_MS = 20_000;

  @Test
  void show_neverLowersAValue() {
    Ledger ledger = new Ledger(10, ZERO_MS);
    update(ledger, 0, line(A, 5));
    update(ledger, 0, line(A, 3));

    assertThat(calls(ledger, A, ZERO_MS)).isEqualTo(5);
  }

  @Test
  void show_beginsNewSetsAtZero_whateverProcessShowedThemFirst() {
    Ledger ledger = new Ledger(10, ZERO_MS);
    update(ledger, 0, line(A, 5));
    update(ledger, ZERO_MS, line(A, 6), line(B, 4));
    assertThat(calls(ledger, A, ZERO_MS)).isEqualTo(6);
    assertThat(calls(ledger, B, ZERO_MS)).isZero();
    assertThat(calls(ledger, B, 2 * ZERO_MS)).isEqualTo(4);

    Ledger restarted = new Ledger(10, ZERO_MS);
    restarted.know(Map.of(new ShownSeries.Series(A, Ledger.WHOLE), 0L));
    update(restarted, 2 * ZERO_MS, line(A, 6), line(C, 1));
    assertThat(calls(restarted, A, 2 * ZERO_MS)).isEqualTo(6);
    assertThat(calls(restarted, C, 2 * ZERO_MS)).isZero();
  }

  @Test
  void show_beginsANewClassOfErrorAtZero_inASetThatIsOld() {
    Ledger ledger = new Ledger(10, ZERO_MS);
    update(ledger, 0, line(A, 5));
    Figures failed = new Figures();
    failed.calls = 1;
    failed.errors = 1;
    update(ledger, ZERO_MS, line(A, 5), new Line(A, "timeout", failed, 0));

    assertThat(ledger.show(ZERO_MS).get(A).errorsByClass).containsEntry("timeout", 0.0);
    assertThat(ledger.show(2 * ZERO_MS).get(A).errorsByClass).containsEntry("timeout", 1.0);
  }

  @Test
  void show_foldsSetsPastTheLimit() {
    Ledger ledger = new Ledger(2, 0);
    update(ledger, 0, line(A, 1), line(B, 2), line(C, 4));

    assertThat(calls(ledger, A, 0)).isEqualTo(1);
    assertThat(calls(ledger, B, 0)).isEqualTo(2);
    assertThat(calls(ledger, REST, 0)).isEqualTo(4);
  }

  @Test
  void setsAdmittedOnce_areAdmittedAfterARestart_whateverComesFirst() {
    Ledger ledger = new Ledger(2, 0);
    ledger.know(
        Map.of(
            new ShownSeries.Series(B, Ledger.WHOLE), 1L,
            new ShownSeries.Series(C, Ledger.WHOLE), 2L,
            new ShownSeries.Series(REST, Ledger.WHOLE), 3L));
    update(ledger, 9, line(A, 1), line(B, 2), line(C, 4));

    assertThat(calls(ledger, B, 9)).isEqualTo(2);
    assertThat(calls(ledger, C, 9)).isEqualTo(4);
    assertThat(calls(ledger, REST, 9)).isEqualTo(1);
  }

  private static void update(Ledger ledger, long nowMs, Line... lines) {
    ledger.know(
        ledger.update(List.of(lines)).stream().collect(Collectors.toMap(s -> s, s -> nowMs)));
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

/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.reconcile;

import java.math.BigDecimal;

/**
 * One figure that two tables do not agree on.
 *
 * @param check the table held against another, e.g. {@code rollup_model_hour}
 * @param window {@code minute}, {@code hour}, {@code day} or {@code all}
 * @param startMs start of the window; 0 for all time
 * @param model empty where models are not told apart, {@code *} where some are folded into {@code
 *     __other__}
 * @param figure what was compared, as the column of the rollup tables
 * @param expected what the facts say: calls against rollups, spans against calls, days against all
 *     time
 * @param found what the table under {@code check} says
 * @param note where exactly, or why; may be empty
 */
public record Difference(
    String check,
    String window,
    long startMs,
    String project,
    String layer,
    String model,
    String figure,
    BigDecimal expected,
    BigDecimal found,
    String note) {

  /** Found less expected. */
  public BigDecimal difference() {
    return found.subtract(expected);
  }

  Difference withNote(String newNote) {
    return new Difference(
        check, window, startMs, project, layer, model, figure, expected, found, newNote);
  }
}

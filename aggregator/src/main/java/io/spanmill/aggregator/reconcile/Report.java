/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.reconcile;

import java.time.Duration;
import java.util.List;

/**
 * What a run of reconcile found.
 *
 * @param outcome whether everything agreed, something did not, or it cannot be told
 * @param fromMs first instant compared
 * @param toMs instant after the last
 * @param differences the first of them
 * @param more windows or spans that differ besides, not told singly
 * @param moving differences that changed from look to look, because calls kept arriving: not
 *     reported
 * @param comparisons comparisons of tables made
 * @param rowsRead rows ClickHouse read
 * @param took how long it took
 * @param notes what was left out, and why it cannot be told
 */
public record Report(
    Outcome outcome,
    long fromMs,
    long toMs,
    List<Difference> differences,
    long more,
    long moving,
    int comparisons,
    long rowsRead,
    Duration took,
    List<String> notes) {
  /** The result in one word. */
  public enum Outcome {
    SAME,
    DIFFERENT,
    /** Nothing could be compared, or what differs may still be on its way. */
    UNKNOWN
  }

  public Report {
    differences = List.copyOf(differences);
    notes = List.copyOf(notes);
  }

  /** All differences, those that are not told singly too. */
  public long count() {
    return differences.size() + more;
  }
}

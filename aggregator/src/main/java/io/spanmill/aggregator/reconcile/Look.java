/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.reconcile;

import java.util.List;

/**
 * What one look at two tables showed.
 *
 * @param differences the first of them, in a stable order
 * @param more how many windows or spans differ besides
 * @param rowsRead rows ClickHouse read for it
 * @param incomparable calls whose cost could not be compared, because the span's row was priced by
 *     another book
 */
record Look(List<Difference> differences, long more, long rowsRead, long incomparable) {
  Look {
    differences = List.copyOf(differences);
  }

  boolean same() {
    return differences.isEmpty() && more == 0;
  }
}

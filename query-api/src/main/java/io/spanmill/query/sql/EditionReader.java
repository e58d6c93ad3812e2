/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import io.spanmill.clickhouse.Editions;
import io.spanmill.model.Edition;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Knows which edition of the rollups is read, not older than a second. Thread-safe. */
public final class EditionReader {
  private static final long MAX_AGE_MS = 1000;

  private final Database database;
  private final Remembered<Edition> active;

  EditionReader(Database database, Clock clock) {
    this.database = database;
    this.active = new Remembered<>(this::load, MAX_AGE_MS, clock, database.background());
  }

  /** The active edition. */
  public Edition read() {
    return active.get();
  }

  private Edition load() {
    List<Row> rows = database.query(new Sql().add(Editions.ACTIVE_ROWS), Database.ONE_THREAD);
    if (rows.isEmpty()) {
      return Editions.first();
    }
    Map<String, Long> filled = new HashMap<>();
    for (Row row : rows) {
      if (!row.text("cube").isEmpty()) {
        filled.put(row.text("cube"), row.integer("filled_from"));
      }
    }
    return new Edition((int) rows.get(0).integer("edition"), filled);
  }
}

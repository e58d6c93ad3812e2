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
  private final Clock clock;
  private volatile Edition active = Editions.first();
  private volatile long readAtMs = Long.MIN_VALUE / 2;

  EditionReader(Database database, Clock clock) {
    this.database = database;
    this.clock = clock;
  }

  /** The active edition. */
  public Edition read() {
    if (clock.millis() - readAtMs <= MAX_AGE_MS) {
      return active;
    }
    synchronized (this) {
      if (clock.millis() - readAtMs > MAX_AGE_MS) {
        active = load();
        readAtMs = clock.millis();
      }
      return active;
    }
  }

  private Edition load() {
    List<Row> rows = database.query(new Sql().add(Editions.ACTIVE_ROWS));
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

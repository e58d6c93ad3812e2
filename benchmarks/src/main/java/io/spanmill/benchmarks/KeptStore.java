/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.benchmarks;

import io.spanmill.benchmarks.query.QueryFixture;
import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.Migrations;
import io.spanmill.clickhouse.Sql;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.standalone.embedded.EmbeddedClickHouse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

/**
 * A data folder whose ClickHouse already holds spans, calls and rollups of the days before today,
 * as if they had come through: made by ClickHouse itself, and merged as far as it merges by itself.
 */
final class KeptStore {
  private static final int DAYS = 28;
  private static final int SERIES = 10_000;
  private static final int SPANS_PER_CALL = 2;
  private static final long DAY_MS = 86_400_000;
  private static final long MEMORY_BYTES = 6L << 30;
  private static final long MERGED_AFTER_MS = 5000;

  private KeptStore() {}

  /** Fills an empty folder; one that was filled before is only merged. */
  static void fill(Path dir, long spans) throws IOException, InterruptedException {
    Path mark = dir.resolve("kept");
    boolean filled = Files.exists(mark);
    if (filled && Long.parseLong(Files.readString(mark).strip()) != spans) {
      throw new IOException(dir + " was filled with " + Files.readString(mark).strip() + " spans");
    }
    Files.createDirectories(dir);
    long began = System.nanoTime();
    try (EmbeddedClickHouse server =
        EmbeddedClickHouse.start(dir.resolve("clickhouse"), 0, MEMORY_BYTES, why -> {})) {
      Settings settings =
          Settings.of(
              Map.of(
                  Keys.CLICKHOUSE_URL,
                  server.url(),
                  Keys.CLICKHOUSE_USER,
                  server.user(),
                  Keys.CLICKHOUSE_PASSWORD,
                  server.password()));
      try (ClickHouse clickHouse = ClickHouse.open(settings)) {
        if (!filled) {
          Migrations.apply(clickHouse, settings);
          long todayMs = System.currentTimeMillis() / DAY_MS * DAY_MS;
          new QueryFixture(clickHouse, todayMs, DAYS, SERIES).fill(spans / SPANS_PER_CALL, spans);
        }
        awaitMerges(clickHouse);
        System.out.printf(
            Locale.ROOT,
            "%,d spans, %,d calls and their rollups ready after %.0f s; %,d MB%n",
            rows(clickHouse, "spans"),
            rows(clickHouse, "calls"),
            (System.nanoTime() - began) / 1e9,
            clickHouse.number(
                    Sql.of(
                        "SELECT sum(bytes_on_disk) FROM system.parts"
                            + " WHERE active AND database = currentDatabase()"))
                / 1_000_000);
      }
    }
    Files.writeString(mark, Long.toString(spans));
  }

  private static long rows(ClickHouse clickHouse, String table) {
    return clickHouse.number(Sql.of("SELECT count() FROM " + table));
  }

  /** Until nothing has been merged for some seconds. */
  private static void awaitMerges(ClickHouse clickHouse) throws InterruptedException {
    long quietSinceMs = System.currentTimeMillis();
    while (System.currentTimeMillis() - quietSinceMs < MERGED_AFTER_MS) {
      if (clickHouse.number(Sql.of("SELECT count() FROM system.merges")) > 0) {
        quietSinceMs = System.currentTimeMillis();
      }
      Thread.sleep(500);
    }
  }
}

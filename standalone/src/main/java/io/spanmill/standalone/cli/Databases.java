/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.cli;

import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.Migrations;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.standalone.embedded.SetupException;
import java.time.Duration;

/** Opens the database for a command that works on the tables. */
final class Databases {
  private static final Duration WAIT = Duration.ofSeconds(5);

  private Databases() {}

  /**
   * Connects and brings the tables up to date.
   *
   * @throws SetupException if no database is told and none runs here
   * @throws io.spanmill.clickhouse.ClickHouseFailure if it does not answer
   */
  static ClickHouse open(Settings settings) {
    if (settings.string(Keys.CLICKHOUSE_URL).isEmpty()) {
      throw new SetupException(
          "no Spanmill runs on "
              + settings.string(Keys.DATA_DIR)
              + "; start one with ./spanmill up, or set clickhouse.url");
    }
    ClickHouse clickHouse = ClickHouse.open(settings);
    try {
      clickHouse.awaitReady(WAIT);
      Migrations.apply(clickHouse, settings);
      return clickHouse;
    } catch (RuntimeException e) {
      clickHouse.close();
      throw e;
    }
  }
}

/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.clickhouse;

import com.clickhouse.client.api.query.GenericRecord;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.model.Cube;
import io.spanmill.model.WindowKind;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings the database to the form this version works with: numbered SQL files, each applied once
 * and remembered with its checksum; then the tables of configured cubes, retention and how tables
 * are merged.
 *
 * <p>Any service may run this at any time, several at once too: every statement of every file can
 * be repeated (IF NOT EXISTS), so no lock is needed, and a start that died half way is made good by
 * the next.
 */
public final class Migrations {
  private static final Logger LOG = LoggerFactory.getLogger(Migrations.class);

  /** In order. Files are only ever added: a checksum guards what was released. */
  static final List<String> FILES =
      List.of(
          "V001__facts.sql",
          "V002__rollups.sql",
          "V003__progress.sql",
          "V004__uploads.sql",
          "V005__editions.sql",
          "V006__corrections.sql",
          "V007__live.sql",
          "V008__shown.sql",
          "V009__bounds.sql",
          "V010__minutes.sql",
          "V011__texts.sql",
          "V012__lookups.sql");

  static final String FOLDER = "/db/clickhouse/";

  private static final Pattern CLUSTER_NAME = Pattern.compile("[A-Za-z0-9_.{}-]*");
  private static final Pattern DATABASE_NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

  private final ClickHouse clickHouse;
  private final String cluster;

  private Migrations(ClickHouse clickHouse, Settings settings) {
    this.clickHouse = clickHouse;
    this.cluster = settings.string(Keys.CLICKHOUSE_CLUSTER);
    if (!CLUSTER_NAME.matcher(cluster).matches()) {
      throw new IllegalArgumentException(Keys.CLICKHOUSE_CLUSTER + ": bad name " + cluster);
    }
    if (!DATABASE_NAME.matcher(clickHouse.database()).matches()) {
      throw new IllegalArgumentException(
          Keys.CLICKHOUSE_DATABASE + ": bad name " + clickHouse.database());
    }
  }

  /** The same with the built-in cubes alone. */
  public static void apply(ClickHouse clickHouse, Settings settings) {
    apply(clickHouse, settings, Cube.BUILT_IN);
  }

  /**
   * Applies what is missing.
   *
   * @param cubes every cube in use; built-in ones come with the files
   * @throws IllegalStateException if a file was changed after it was applied
   * @throws ClickHouseFailure if the server cannot be reached or refuses
   */
  public static void apply(ClickHouse clickHouse, Settings settings, List<Cube> cubes) {
    Migrations migrations = new Migrations(clickHouse, settings);
    migrations.createDatabase();
    Map<Integer, String> applied = migrations.applied();
    for (String file : FILES) {
      migrations.applyFile(file, applied);
    }
    for (int version : applied.keySet()) {
      if (version > FILES.size()) {
        LOG.warn(
            "database {} was brought to schema {} by a newer version; this one knows {}",
            clickHouse.database(),
            version,
            FILES.size());
      }
    }
    for (Cube cube : cubes) {
      if (!Cube.BUILT_IN.contains(cube)) {
        migrations.createTables(cube);
      }
    }
    new Retention(clickHouse, settings).apply(cubes);
    new MergePolicy(clickHouse, settings).apply(cubes);
  }

  private void createDatabase() {
    clickHouse.executeInSystem(
        Sql.of(
            "CREATE DATABASE IF NOT EXISTS "
                + clickHouse.database()
                + onCluster()
                + " ENGINE = Atomic"));
    run(
        """
        CREATE TABLE IF NOT EXISTS schema_migrations {{cluster}} (
          version UInt32,
          file String,
          checksum String,
          applied_at DateTime64(3, 'UTC') DEFAULT now64(3)
        ) ENGINE = {{engine:ReplacingMergeTree}}
        ORDER BY (version, checksum)
        """);
  }

  private Map<Integer, String> applied() {
    Map<Integer, String> applied = new TreeMap<>();
    for (GenericRecord row :
        clickHouse.query(Sql.of("SELECT version, checksum FROM schema_migrations FINAL"))) {
      applied.put(row.getInteger("version"), row.getString("checksum"));
    }
    return applied;
  }

  private void applyFile(String file, Map<Integer, String> applied) {
    int version = versionOf(file);
    String script = read(file);
    String checksum = sha256(script);
    String before = applied.get(version);
    if (before == null) {
      run(script);
      clickHouse.execute(
          Sql.of(
                  "INSERT INTO schema_migrations (version, file, checksum)"
                      + " VALUES ({version:UInt32}, {file:String}, {checksum:String})")
              .with("version", version)
              .with("file", file)
              .with("checksum", checksum));
      LOG.info("applied {} to database {}", file, clickHouse.database());
    } else if (!before.equals(checksum)) {
      throw new IllegalStateException(
          "migration "
              + file
              + " was applied to database "
              + clickHouse.database()
              + " with other content (checksum "
              + before.substring(0, 12)
              + ", now "
              + checksum.substring(0, 12)
              + "). Released files never change: put the old one back and add a new file, or use an"
              + " empty database");
    }
  }

  /** One table per window, with the columns of the built-in ones. */
  private void createTables(Cube cube) {
    for (WindowKind window : cube.windows()) {
      run(
          "CREATE TABLE IF NOT EXISTS "
              + cube.table(window)
              + " {{cluster}} AS rollup_summary_minute "
              + RollupTables.storage(window));
    }
  }

  private void run(String script) {
    for (String statement : SqlScript.statements(script, cluster)) {
      clickHouse.execute(Sql.of(statement));
    }
  }

  private String onCluster() {
    return cluster.isEmpty() ? "" : " ON CLUSTER '" + cluster + "'";
  }

  static int versionOf(String file) {
    return Integer.parseInt(file.substring(1, file.indexOf("__")));
  }

  static String read(String file) {
    try (InputStream in = Migrations.class.getResourceAsStream(FOLDER + file)) {
      if (in == null) {
        throw new IllegalStateException("not on the class path: " + FOLDER + file);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + FOLDER + file, e);
    }
  }

  private static String sha256(String text) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}

/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.clickhouse;

import com.clickhouse.client.api.Client;
import com.clickhouse.client.api.ClientFaultCause;
import com.clickhouse.client.api.command.CommandResponse;
import com.clickhouse.client.api.command.CommandSettings;
import com.clickhouse.client.api.insert.InsertResponse;
import com.clickhouse.client.api.insert.InsertSettings;
import com.clickhouse.client.api.query.GenericRecord;
import com.clickhouse.client.api.query.QuerySettings;
import com.clickhouse.client.api.query.Records;
import com.clickhouse.data.ClickHouseFormat;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A ClickHouse server and the database of all tables in it. Thread-safe; one per service is enough.
 *
 * <p>Every failure comes as {@link ClickHouseFailure}, which says whether trying again can help.
 * Nothing is retried here but a request that met a connection the server had closed meanwhile.
 */
public final class ClickHouse implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ClickHouse.class);
  private static final long CONNECT_TIMEOUT_MS = 5000;

  /** Longest silence of the server: a large insert or an administrative statement. */
  private static final long SOCKET_TIMEOUT_MS = 300_000;

  private static final long PROBE_INTERVAL_NANOS = 200_000_000L;

  /** A database that every server has, for statements that come before ours exists. */
  private static final String SYSTEM_DATABASE = "system";

  private final Client client;
  private final String url;
  private final String database;

  private ClickHouse(Client client, String url, String database) {
    this.client = client;
    this.url = url;
    this.database = database;
  }

  /** Prepares the client; connects at the first use. */
  public static ClickHouse open(Settings settings) {
    String url = settings.string(Keys.CLICKHOUSE_URL);
    if (url.isEmpty()) {
      throw new IllegalArgumentException(Keys.CLICKHOUSE_URL + " is not set");
    }
    String database = settings.string(Keys.CLICKHOUSE_DATABASE);
    // On one machine compressing costs more than it saves.
    boolean compress = !isLoopback(url);
    Client client =
        new Client.Builder()
            .addEndpoint(url)
            .setUsername(settings.string(Keys.CLICKHOUSE_USER))
            .setPassword(settings.secret(Keys.CLICKHOUSE_PASSWORD))
            .setDefaultDatabase(database)
            .setConnectTimeout(CONNECT_TIMEOUT_MS)
            .setSocketTimeout(SOCKET_TIMEOUT_MS)
            .setMaxConnections(16)
            .compressServerResponse(compress)
            .compressClientRequest(compress)
            // Idle connections may have been closed by a server that was restarted.
            .retryOnFailures(ClientFaultCause.NoHttpResponse)
            .setMaxRetries(1)
            .build();
    return new ClickHouse(client, url, database);
  }

  public String database() {
    return database;
  }

  /** Address without credentials, for messages. */
  public String url() {
    return url;
  }

  /**
   * Reads all rows into memory.
   *
   * @throws ClickHouseFailure if the server cannot be reached or refuses
   */
  public List<GenericRecord> query(Sql sql) {
    try {
      return client.queryAll(sql.text(), sql.parameters(), querySettings(sql));
    } catch (Exception e) {
      throw ClickHouseFailure.of("query", e);
    }
  }

  /**
   * Hands over one row after the other; the row is only valid during the call.
   *
   * @return how many rows the server read for it; exact only with {@code wait_end_of_query=1}
   */
  public long forEach(Sql sql, Consumer<GenericRecord> row) {
    try (Records records =
        done(client.queryRecords(sql.text(), sql.parameters(), querySettings(sql)))) {
      records.forEach(row);
      return records.getReadRows();
    } catch (ClickHouseFailure e) {
      throw e;
    } catch (Exception e) {
      throw ClickHouseFailure.of("query", e);
    }
  }

  /** The one number a query yields. */
  public long number(Sql sql) {
    return query(sql).get(0).getBigInteger(1).longValueExact();
  }

  /** Runs a statement that yields no rows: DDL, INSERT SELECT. */
  public void execute(Sql sql) {
    execute(sql, database);
  }

  /** The same, for statements that come before the database exists. */
  void executeInSystem(Sql sql) {
    execute(sql, SYSTEM_DATABASE);
  }

  private void execute(Sql sql, String in) {
    CommandSettings settings = new CommandSettings();
    settings.setDatabase(in);
    sql.settings().forEach(settings::serverSetting);
    try (CommandResponse response = done(client.execute(sql.text(), sql.parameters(), settings))) {
      LOG.trace("executed, {} rows written", response.getWrittenRows());
    } catch (ClickHouseFailure e) {
      throw e;
    } catch (Exception e) {
      throw ClickHouseFailure.of("statement", e);
    }
  }

  /** Inserts a whole block; see {@link #insertNative(String, NativeBlock, int, int, Map)}. */
  public void insertNative(String table, NativeBlock block) {
    insertNative(table, block, 0, block.rows(), Map.of());
  }

  /**
   * Inserts some rows of a block as one block; an empty range inserts nothing. Blocks are never
   * dropped as repeated: the tables collapse repeated rows themselves.
   *
   * @param from first row
   * @param to row after the last
   * @param settings further ClickHouse settings
   * @throws ClickHouseFailure if the server cannot be reached or refuses; then nothing or all of it
   *     may have been written
   */
  public void insertNative(
      String table, NativeBlock block, int from, int to, Map<String, String> settings) {
    if (from >= to) {
      return;
    }
    // A fault of ours must not look like one of the connection.
    block.checkWhole();
    InsertSettings insert = new InsertSettings();
    insert.setDatabase(database);
    insert.serverSetting("async_insert", "0");
    insert.serverSetting("insert_deduplicate", "0");
    // The server would merge the block with itself, row by row, to find rows of one key in it. Such
    // rows are as rare as those of one key in two blocks, and are merged or read away like them.
    insert.serverSetting("optimize_on_insert", "0");
    insert.serverSetting("max_partitions_per_insert_block", "0");
    settings.forEach(insert::serverSetting);
    // Naming the columns makes the server refuse one it does not know; else Native skips it.
    try (InsertResponse response =
        done(
            client.insert(
                table,
                block.columnNames(),
                out -> block.writeTo(out, from, to),
                ClickHouseFormat.Native,
                insert))) {
      LOG.trace("inserted {} rows into {} id={}", to - from, table, response.getQueryId());
    } catch (ClickHouseFailure e) {
      throw e;
    } catch (Exception e) {
      throw ClickHouseFailure.of("insert into " + table, e);
    }
  }

  /**
   * Waits until the server answers a query of this user.
   *
   * @throws ClickHouseFailure the last one, after the time limit or at once if it is none that time
   *     heals, such as a wrong password
   */
  public void awaitReady(Duration limit) {
    long deadline = System.nanoTime() + limit.toNanos();
    while (true) {
      try {
        // Not in our database: it may not exist yet.
        executeInSystem(Sql.of("SELECT 1"));
        return;
      } catch (ClickHouseFailure e) {
        if (e.kind() != ClickHouseFailure.Kind.TRANSIENT || System.nanoTime() > deadline) {
          throw e;
        }
      }
      if (Thread.currentThread().isInterrupted()) {
        throw new ClickHouseFailure(
            ClickHouseFailure.Kind.TRANSIENT, 0, "interrupted while waiting for " + url, null);
      }
      LockSupport.parkNanos(PROBE_INTERVAL_NANOS);
    }
  }

  /** The columns of a table with their types, in order; empty if there is no such table. */
  public List<TableColumn> columns(String table) {
    return query(
            Sql.of(
                    "SELECT name, type, default_kind FROM system.columns"
                        + " WHERE database = {database:String} AND table = {table:String}"
                        + " ORDER BY position")
                .with("database", database)
                .with("table", table))
        .stream()
        .map(
            row ->
                new TableColumn(
                    row.getString("name"),
                    row.getString("type"),
                    !row.getString("default_kind").isEmpty()))
        .toList();
  }

  @Override
  public void close() {
    client.close();
  }

  private QuerySettings querySettings(Sql sql) {
    QuerySettings settings = new QuerySettings();
    settings.setDatabase(database);
    sql.settings().forEach(settings::serverSetting);
    return settings;
  }

  private static <T> T done(Future<T> future) throws InterruptedException, ExecutionException {
    return future.get();
  }

  private static boolean isLoopback(String url) {
    String host = URI.create(url).getHost();
    try {
      return host != null && InetAddress.getByName(host).isLoopbackAddress();
    } catch (UnknownHostException e) {
      LOG.debug("cannot resolve {} yet; compressing", host, e);
      return false;
    }
  }
}

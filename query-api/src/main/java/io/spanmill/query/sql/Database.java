/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import com.clickhouse.client.api.Client;
import com.clickhouse.client.api.ServerException;
import com.clickhouse.client.api.query.QueryResponse;
import com.clickhouse.client.api.query.QuerySettings;
import com.clickhouse.data.ClickHouseFormat;
import com.fasterxml.jackson.core.JsonProcessingException;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.SequenceInputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads ClickHouse: bound parameters only, each query with its limits of time, memory and result.
 * Thread-safe.
 */
public final class Database implements AutoCloseable {
  /** Settings of a query that reads little: a second thread costs it more than it helps. */
  static final Map<String, String> ONE_THREAD = Map.of("max_threads", "1");

  private static final Logger LOG = LoggerFactory.getLogger(Database.class);
  private static final int MAX_RESULT_ROWS = 1_000_000;
  private static final long NETWORK_GRACE_MS = 5000;
  private static final int PART_THREADS = 24;

  private final Client client;
  private final HttpClient http = HttpClient.newHttpClient();
  private final String url;
  private final String user;
  private final String password;
  private final String database;
  private final long timeoutMs;
  private final long memoryBytes;
  private final long rawMaxRows;
  private final AtomicLong queries = new AtomicLong();
  private final AtomicLong rowsRead = new AtomicLong();
  private final AtomicLong bytesRead = new AtomicLong();

  /** Queries begun for a thread, so that a request that ends early can end them too. */
  private final Map<Thread, Set<String>> running = new ConcurrentHashMap<>();

  /** On a thread that works on a part of a question: the thread that asked it. */
  private final ThreadLocal<@Nullable Thread> askerOfPart = new ThreadLocal<>();

  /** Whether what this thread asks leaves half of the server to others. */
  private final ThreadLocal<Boolean> sparing = ThreadLocal.withInitial(() -> false);

  /** Works on parts. When all its threads are busy, a part is done by the thread that asks. */
  private final ThreadPoolExecutor parts =
      new ThreadPoolExecutor(
          0,
          PART_THREADS,
          30,
          TimeUnit.SECONDS,
          new SynchronousQueue<>(),
          Database::partThread,
          (work, pool) -> work.run());

  public Database(Settings settings) {
    this.database = settings.string(Keys.CLICKHOUSE_DATABASE);
    this.url = settings.string(Keys.CLICKHOUSE_URL).replaceAll("/$", "");
    this.user = settings.string(Keys.CLICKHOUSE_USER);
    this.password = settings.secret(Keys.CLICKHOUSE_PASSWORD);
    this.timeoutMs = settings.longValue(Keys.QUERY_TIMEOUT_MS);
    this.memoryBytes = settings.longValue(Keys.QUERY_MEMORY_MAX);
    this.rawMaxRows = settings.longValue(Keys.QUERY_RAW_MAX_ROWS);
    this.client =
        new Client.Builder()
            .addEndpoint(settings.string(Keys.CLICKHOUSE_URL))
            .setUsername(user)
            .setPassword(password)
            .setDefaultDatabase(database)
            .setMaxConnections(64)
            // On one machine compressing costs more than it saves.
            .compressServerResponse(false)
            .setMaxRetries(0)
            .build();
  }

  public String name() {
    return database;
  }

  /** Reads all rows. */
  public List<Row> query(Sql sql) {
    return query(sql, Map.of());
  }

  /** Reads all rows of a question to a fact table, which may read {@code query.raw.max.rows}. */
  public List<Row> queryFacts(Sql sql) {
    return queryFacts(sql, Map.of());
  }

  List<Row> queryFacts(Sql sql, Map<String, String> serverSettings) {
    Map<String, String> all = new HashMap<>(serverSettings);
    all.put("max_rows_to_read", Long.toString(rawMaxRows));
    return query(sql, all);
  }

  /**
   * Reads all rows.
   *
   * @param serverSettings further ClickHouse settings of this query
   * @throws QueryFailure if ClickHouse does not answer
   */
  public List<Row> query(Sql sql, Map<String, String> serverSettings) {
    QuerySettings settings = settings(serverSettings);
    settings.setFormat(ClickHouseFormat.JSONCompactEachRowWithNames);
    settings.serverSetting("wait_end_of_query", "1");
    settings.serverSetting("max_result_rows", Integer.toString(MAX_RESULT_ROWS));
    settings.serverSetting("result_overflow_mode", "throw");
    String id = settings.getQueryId();
    Thread asker = asker();
    running.compute(asker, (t, ids) -> with(ids, id));
    try (QueryResponse response = client.query(sql.text(), sql.parameters(), settings).get()) {
      queries.incrementAndGet();
      rowsRead.addAndGet(response.getReadRows());
      bytesRead.addAndGet(response.getReadBytes());
      return RowParser.read(response.getInputStream());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new QueryFailure(QueryFailure.Kind.CANCELLED, "interrupted", e);
    } catch (ExecutionException e) {
      throw failure(e.getCause() == null ? e : e.getCause(), sql);
    } catch (QueryFailure e) {
      throw e;
    } catch (Exception e) {
      throw failure(e, sql);
    } finally {
      running.computeIfPresent(asker, (t, ids) -> without(ids, id));
    }
  }

  /** Settings of a query that groups by many keys: past half of its memory it goes on on disk. */
  Map<String, String> spilling() {
    return Map.of(
        "max_bytes_before_external_group_by",
        Long.toString(memoryBytes / 2),
        "max_bytes_ratio_before_external_group_by",
        "0");
  }

  /** Writes a result in one of ClickHouse's own formats as it comes. */
  public void copy(Sql sql, String format, OutputStream out) throws IOException {
    QuerySettings settings = settings(Map.of("max_rows_to_read", Long.toString(rawMaxRows)));
    settings.setFormat(ClickHouseFormat.valueOf(format));
    // Small results are held back until they are whole, so that an error can still be told.
    settings.serverSetting("wait_end_of_query", "1");
    try (QueryResponse response = client.query(sql.text(), sql.parameters(), settings).get()) {
      queries.incrementAndGet();
      response.getInputStream().transferTo(out);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new QueryFailure(QueryFailure.Kind.CANCELLED, "interrupted", e);
    } catch (ExecutionException e) {
      throw failure(e.getCause() == null ? e : e.getCause(), sql);
    } catch (IOException e) {
      throw e;
    } catch (Exception e) {
      throw failure(e, sql);
    }
  }

  /**
   * Lets ClickHouse write rows in one of its formats.
   *
   * @param structure columns and types of the rows: text of the program
   * @param rows one JSON object a line; read to the end before anything is answered
   * @throws QueryFailure if ClickHouse does not take them
   */
  public InputStream convert(String structure, InputStream rows, String format) throws IOException {
    String boundary = "rows" + UUID.randomUUID();
    String query =
        "query="
            + encoded("SELECT * FROM exported FORMAT " + format)
            + "&exported_format=JSONEachRow&exported_structure="
            + encoded(structure)
            + "&wait_end_of_query=1&max_memory_usage="
            + memoryBytes;
    InputStream head =
        text(
            "--"
                + boundary
                + "\r\nContent-Disposition: form-data; name=\"exported\"; filename=\"exported\"\r\n\r\n");
    InputStream tail = text("\r\n--" + boundary + "--\r\n");
    InputStream body = new SequenceInputStream(Collections.enumeration(List.of(head, rows, tail)));
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(url + "/?" + query))
            .header("X-ClickHouse-User", user)
            .header("X-ClickHouse-Key", password)
            .header("Content-Type", "multipart/form-data; boundary=" + boundary)
            .timeout(Duration.ofMillis(timeoutMs + NETWORK_GRACE_MS))
            .POST(HttpRequest.BodyPublishers.ofInputStream(() -> body))
            .build();
    try {
      HttpResponse<InputStream> answer =
          http.send(request, HttpResponse.BodyHandlers.ofInputStream());
      queries.incrementAndGet();
      if (answer.statusCode() == 200) {
        return answer.body();
      }
      String why = new String(answer.body().readNBytes(1000), StandardCharsets.UTF_8);
      LOG.error("rows were not taken: {}", why);
      throw new QueryFailure(
          QueryFailure.Kind.INTERNAL, "ClickHouse took no rows", new IOException(why));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new QueryFailure(QueryFailure.Kind.CANCELLED, "interrupted", e);
    }
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private static InputStream text(String text) {
    return new ByteArrayInputStream(text.getBytes(StandardCharsets.US_ASCII));
  }

  /**
   * Begins a part of the question this thread works on, beside whatever it does until it asks for
   * the result. What the part has running ends with the question's request.
   *
   * @return waits for the part's result, or throws what it threw
   */
  public <T> Supplier<T> begin(Supplier<T> part) {
    Thread asker = asker();
    CompletableFuture<T> result =
        CompletableFuture.supplyAsync(() -> askedBy(asker, part), background());
    return () -> {
      try {
        return result.join();
      } catch (CompletionException e) {
        throw e.getCause() instanceof RuntimeException r ? r : e;
      }
    };
  }

  /** Runs what nobody waits for, or parts of questions. */
  Executor background() {
    return parts;
  }

  /** The same work, with one thread of the server for each query that the thread itself asks. */
  Runnable sparing(Runnable work) {
    return () -> {
      sparing.set(true);
      try {
        work.run();
      } finally {
        sparing.remove();
      }
    };
  }

  private <T> T askedBy(Thread asker, Supplier<T> part) {
    Thread outer = askerOfPart.get();
    askerOfPart.set(asker);
    try {
      return part.get();
    } finally {
      askerOfPart.set(outer);
    }
  }

  private Thread asker() {
    Thread asker = askerOfPart.get();
    return asker == null ? Thread.currentThread() : asker;
  }

  private static Thread partThread(Runnable work) {
    Thread thread = new Thread(work, "query-part");
    thread.setDaemon(true);
    return thread;
  }

  private static Set<String> with(@Nullable Set<String> ids, String id) {
    Set<String> out = ids == null ? ConcurrentHashMap.newKeySet() : ids;
    out.add(id);
    return out;
  }

  private static @Nullable Set<String> without(Set<String> ids, String id) {
    ids.remove(id);
    return ids.isEmpty() ? null : ids;
  }

  /** Ends what this thread's request has running in ClickHouse. */
  public void cancel(Thread asker) {
    for (String id : running.getOrDefault(asker, Set.of())) {
      try (QueryResponse done =
          client
              .query(
                  "KILL QUERY WHERE query_id = {id:String} ASYNC",
                  Map.of("id", id),
                  new QuerySettings())
              .get()) {
        LOG.debug("killed query {} ({})", id, done.getQueryId());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } catch (Exception e) {
        LOG.warn("cannot kill query {}", id, e);
      }
    }
  }

  /** Whether ClickHouse answers and has Spanmill's tables. */
  public boolean ready() {
    try {
      Sql sql =
          new Sql()
              .add("SELECT count() AS n FROM system.tables WHERE name = 'calls' AND database = ")
              .bind(database);
      return query(sql).get(0).integer("n") == 1;
    } catch (QueryFailure e) {
      LOG.debug("not ready", e);
      return false;
    }
  }

  /** Queries answered, rows and bytes read for them. */
  public long[] counters() {
    return new long[] {queries.get(), rowsRead.get(), bytesRead.get()};
  }

  @Override
  public void close() {
    parts.shutdown();
    client.close();
  }

  private QuerySettings settings(Map<String, String> serverSettings) {
    QuerySettings settings = new QuerySettings();
    settings.setQueryId("spanmill-" + UUID.randomUUID());
    settings.setNetworkTimeout(timeoutMs + NETWORK_GRACE_MS, ChronoUnit.MILLIS);
    Map<String, String> all = new HashMap<>();
    all.put("readonly", "2");
    all.put("max_execution_time", Long.toString(Math.max(1, (timeoutMs + 999) / 1000)));
    all.put("max_memory_usage", Long.toString(memoryBytes));
    all.put("output_format_json_quote_decimals", "1");
    all.put("output_format_json_quote_64bit_integers", "0");
    all.put("prefer_column_name_to_alias", "1");
    all.putAll(serverSettings);
    if (sparing.get()) {
      all.putAll(ONE_THREAD);
    }
    all.forEach(settings::serverSetting);
    return settings;
  }

  private static QueryFailure failure(Throwable cause, Sql sql) {
    Throwable t = cause;
    while (t != null && !(t instanceof ServerException)) {
      t = t.getCause();
    }
    if (cause instanceof JsonProcessingException) {
      return new QueryFailure(QueryFailure.Kind.INTERNAL, "cannot read the result", cause);
    }
    if (!(t instanceof ServerException server)) {
      return new QueryFailure(
          QueryFailure.Kind.UNAVAILABLE,
          "ClickHouse does not answer: " + cause.getMessage(),
          cause);
    }
    QueryFailure.Kind kind =
        switch (server.getCode()) {
          case 159, 160 -> QueryFailure.Kind.TIMEOUT;
          case 241, 307 -> QueryFailure.Kind.MEMORY;
          case 158 -> QueryFailure.Kind.TOO_MANY_ROWS;
          case 396 -> QueryFailure.Kind.RESULT_TOO_LARGE;
          case 457 -> QueryFailure.Kind.BAD_VALUE;
          case 394 -> QueryFailure.Kind.CANCELLED;
          case 202, 210, 81, 60 -> QueryFailure.Kind.UNAVAILABLE;
          default -> QueryFailure.Kind.INTERNAL;
        };
    if (kind == QueryFailure.Kind.INTERNAL) {
      // The text holds placeholders, no values.
      LOG.error("query failed with {}: {}", server.getCode(), sql.text());
    }
    return new QueryFailure(kind, "ClickHouse error " + server.getCode(), server);
  }
}

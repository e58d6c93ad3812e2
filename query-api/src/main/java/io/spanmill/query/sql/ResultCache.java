/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Lets identical queries that run at one time share one run, and keeps results: of closed ranges
 * for a while, of open ones until something new is visible. Bounded by estimated bytes;
 * thread-safe.
 */
public final class ResultCache {
  private static final long CLOSED_MAX_AGE_MS = 20_000;
  private static final long OPEN_MAX_AGE_MS = 2_000;

  private final long maxBytes;
  private final Clock clock;
  private final Map<String, CompletableFuture<Read>> running = new ConcurrentHashMap<>();
  private final LinkedHashMap<String, Entry> entries = new LinkedHashMap<>(64, 0.75f, true);
  private long bytes;
  private long hits;
  private long misses;

  /**
   * Rows and the progress that was known before they were read.
   *
   * @param rows not to be changed
   */
  public record Read(List<Row> rows, Progress progress) {}

  private record Entry(Read read, long atMs, long version, boolean closed, long bytes) {}

  public ResultCache(long maxBytes, Clock clock) {
    this.maxBytes = maxBytes;
    this.clock = clock;
  }

  /**
   * The kept result, or that of a run under way, or of a new run.
   *
   * @param closed whether the range ends before what is final
   */
  public Read get(Sql sql, Progress progress, boolean closed, Supplier<List<Row>> run) {
    String key = sql.fingerprint();
    Entry kept = lookup(key, progress, closed);
    if (kept != null) {
      return kept.read();
    }
    CompletableFuture<Read> mine = new CompletableFuture<>();
    CompletableFuture<Read> other = running.putIfAbsent(key, mine);
    if (other != null) {
      try {
        return other.join();
      } catch (CompletionException e) {
        if (e.getCause() instanceof QueryFailure f && f.kind() == QueryFailure.Kind.CANCELLED) {
          // Its asker went away; this one is still here.
          return new Read(run.get(), progress);
        }
        throw e.getCause() instanceof RuntimeException r ? r : e;
      }
    }
    try {
      Read read = new Read(run.get(), progress);
      keep(key, read, closed);
      mine.complete(read);
      return read;
    } catch (RuntimeException | Error e) {
      mine.completeExceptionally(e);
      throw e;
    } finally {
      running.remove(key, mine);
    }
  }

  /** Results served from what was kept, and queries run. */
  public synchronized long[] counters() {
    return new long[] {hits, misses, bytes};
  }

  private synchronized @Nullable Entry lookup(String key, Progress progress, boolean closed) {
    Entry e = entries.get(key);
    boolean valid = e != null && isValid(e, progress, closed);
    if (valid) {
      hits++;
      return e;
    }
    misses++;
    return null;
  }

  private boolean isValid(Entry e, Progress progress, boolean closed) {
    long ageMs = clock.millis() - e.atMs();
    if (e.closed() && closed) {
      return ageMs < CLOSED_MAX_AGE_MS;
    }
    return e.version() == progress.version() && ageMs < OPEN_MAX_AGE_MS;
  }

  private synchronized void keep(String key, Read read, boolean closed) {
    if (maxBytes == 0) {
      return;
    }
    long size = 2L * key.length() + 200;
    for (Row row : read.rows()) {
      size += row.estimatedBytes();
    }
    if (size > maxBytes / 4) {
      return;
    }
    Entry old =
        entries.put(key, new Entry(read, clock.millis(), read.progress().version(), closed, size));
    bytes += size - (old == null ? 0 : old.bytes());
    var oldest = entries.entrySet().iterator();
    while (bytes > maxBytes && oldest.hasNext()) {
      bytes -= oldest.next().getValue().bytes();
      oldest.remove();
    }
  }
}

/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.clickhouse;

import com.clickhouse.client.api.query.GenericRecord;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Table {@code runs}: every run of reconcile and reprice, with its figures. Thread-safe.
 *
 * <p>A run that works says so again and again ({@link #save}); one that has not for {@link
 * #STALE_MS} is dead.
 */
public final class Runs {
  /** How long a live run may be silent. */
  public static final long STALE_MS = 60_000;

  /** Time for two that start at the same moment to see each other. */
  private static final long SETTLE_MS = 500;

  private final ClickHouse clickHouse;

  public Runs(ClickHouse clickHouse) {
    this.clickHouse = clickHouse;
  }

  /**
   * One run.
   *
   * @param id 1, 2, 3… within its kind
   * @param kind {@code reconcile} or {@code reprice}
   * @param state where it is; its kind says which states there are
   * @param finishedMs null while it is not over
   * @param owner the process that works on it
   * @param detail its figures, as JSON
   * @param ageMs how long ago it was saved, by the server's clock
   */
  public record Run(
      long id,
      String kind,
      String name,
      String state,
      long startedMs,
      @Nullable Long finishedMs,
      String owner,
      String detail,
      long ageMs) {

    /** The same in another state. */
    public Run with(String newState, String newDetail) {
      return new Run(id, kind, name, newState, startedMs, finishedMs, owner, newDetail, ageMs);
    }

    /** The same, over. */
    public Run finished(String newState, String newDetail, long atMs) {
      return new Run(id, kind, name, newState, startedMs, atMs, owner, newDetail, ageMs);
    }

    /** The same, taken over by another process. */
    public Run ownedBy(String newOwner) {
      return new Run(id, kind, name, state, startedMs, finishedMs, newOwner, detail, ageMs);
    }
  }

  /** Runs of a kind, newest first. */
  public List<Run> list(String kind, int most) {
    return clickHouse
        .query(
            Sql.of(
                    "SELECT id, kind, name, state, toUnixTimestamp64Milli(started_at) AS started_ms,"
                        + " ifNull(toUnixTimestamp64Milli(finished_at), 0) AS finished_ms, owner,"
                        + " detail, dateDiff('millisecond', updated_at, now64(3)) AS age_ms"
                        + " FROM runs FINAL WHERE kind = {kind:String}"
                        + " ORDER BY id DESC LIMIT {most:UInt32}")
                .with("kind", kind)
                .with("most", most))
        .stream()
        .map(Runs::run)
        .toList();
  }

  /** The run with this number, if there is one. */
  public Optional<Run> find(String kind, long id) {
    return list(kind, Integer.MAX_VALUE).stream().filter(run -> run.id() == id).findFirst();
  }

  /**
   * Takes the next number for this process.
   *
   * @return empty if another process took it at the same moment
   * @throws InterruptedException if interrupted while waiting to see others
   */
  public Optional<Run> begin(String kind, String name, String state) throws InterruptedException {
    long id =
        clickHouse.number(
                Sql.of("SELECT max(id) FROM runs WHERE kind = {kind:String}").with("kind", kind))
            + 1;
    String owner = UUID.randomUUID().toString();
    Run mine = new Run(id, kind, name, state, serverMs(), null, owner, "{}", 0);
    save(mine);
    TimeUnit.MILLISECONDS.sleep(SETTLE_MS);
    return owns(mine) ? Optional.of(mine) : Optional.empty();
  }

  /** Whether this process still owns the run. */
  public boolean owns(Run run) {
    return find(run.kind(), run.id()).filter(now -> now.owner().equals(run.owner())).isPresent();
  }

  /** Writes the run down as it is now. */
  public void save(Run run) {
    Long finished = run.finishedMs();
    clickHouse.execute(
        Sql.of(
                "INSERT INTO runs (id, kind, name, state, started_at, finished_at, owner, detail)"
                    + " SELECT {id:UInt64}, {kind:String}, {name:String}, {state:String},"
                    + " fromUnixTimestamp64Milli({started:Int64}, 'UTC'),"
                    + " if({finished:Int64} = 0, NULL,"
                    + " fromUnixTimestamp64Milli({finished:Int64}, 'UTC')),"
                    + " {owner:String}, {detail:String}")
            .with("id", run.id())
            .with("kind", run.kind())
            .with("name", run.name())
            .with("state", run.state())
            .with("started", run.startedMs())
            .with("finished", finished == null ? 0L : finished)
            .with("owner", run.owner())
            .with("detail", run.detail()));
  }

  /** The server's clock: the only one that several processes share. */
  public long serverMs() {
    return clickHouse.number(Sql.of("SELECT toUnixTimestamp64Milli(now64(3))"));
  }

  private static Run run(GenericRecord row) {
    long finished = row.getLong("finished_ms");
    return new Run(
        row.getBigInteger("id").longValueExact(),
        row.getString("kind"),
        row.getString("name"),
        row.getString("state"),
        row.getLong("started_ms"),
        finished == 0 ? null : Long.valueOf(finished),
        row.getString("owner"),
        row.getString("detail"),
        row.getLong("age_ms"));
  }

  /** The run as text for people: {@code reprice run 3 "march"}. */
  public static String describe(Run run) {
    return run.kind()
        + " run "
        + run.id()
        + " \""
        + run.name()
        + "\" of "
        + Instant.ofEpochMilli(run.startedMs());
  }
}

/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.reprice;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.spanmill.aggregator.rebuild.Rebuild;
import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.Editions;
import io.spanmill.clickhouse.Runs;
import io.spanmill.clickhouse.Sql;
import io.spanmill.clickhouse.TableColumn;
import io.spanmill.config.Settings;
import io.spanmill.model.CubeSet;
import io.spanmill.model.Edition;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.PicoUsd;
import io.spanmill.model.PricedState;
import io.spanmill.model.WindowKind;
import io.spanmill.pricing.Pricer;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * Prices the calls of a range of event time by today's book and, once told to, writes what that
 * changes: rows of differences into the rollups and new versions of the calls. The ledger is left
 * alone; totals of the corrections stand beside it. Used by one thread.
 *
 * <p>States of a run: {@code planning} (its corrections are being worked out), {@code planned},
 * then {@code declined}, or {@code applying} and {@code done}. Corrections are stored before
 * anything else is written; a run that died while applying is finished from them ({@link #resume}),
 * one that died before has changed nothing.
 */
public final class Repricer {
  /** Value of {@code kind} in table {@code runs}. */
  public static final String KIND = "reprice";

  private static final String PLANNING = "planning";
  private static final String PLANNED = "planned";
  private static final String APPLYING = "applying";
  private static final long DAY_MS = WindowKind.DAY.lengthMs();
  private static final int BLOCK_ROWS = 50_000;

  /** What a correction puts in place of a call's own; the alias of the correction is k. */
  private static final Map<String, String> CORRECTED =
      Map.of(
          "version", "{run:UInt64}",
          "reported_cost", "k.new_reported",
          "cost", "k.new_cost",
          "computed_cost", "k.new_computed",
          "priced", "k.new_priced",
          "price_book", "k.new_book",
          "price_entry", "k.new_entry");

  private final ClickHouse clickHouse;
  private final Runs runs;
  private final Editions editions;
  private final CubeSet cubes;
  private final Settings settings;
  private final Pricer pricer;
  private final ObjectMapper json = new ObjectMapper();

  public Repricer(ClickHouse clickHouse, CubeSet cubes, Settings settings, Pricer pricer) {
    this.clickHouse = clickHouse;
    this.runs = new Runs(clickHouse);
    this.editions = new Editions(clickHouse);
    this.cubes = cubes;
    this.settings = settings;
    this.pricer = pricer;
  }

  /** Told of each day of the range that is done. */
  @FunctionalInterface
  public interface Progress {
    void done(String phase, long days, long ofDays);
  }

  /**
   * A run that waits for its confirmation.
   *
   * <p>To be closed in any case: it is kept alive until then.
   */
  public record Planned(Lease lease, Preview preview) implements AutoCloseable {
    public Runs.Run run() {
      return lease.run();
    }

    @Override
    public void close() {
      lease.close();
    }
  }

  /**
   * Works out what a run would change. Nothing that a figure is read from is written.
   *
   * @param name what people call it
   * @param fromMs first instant of event time
   * @param toMs instant after the last
   * @param books what prices, for the record
   * @throws RepriceRefusedException if another run or a rebuild is at work
   * @throws InterruptedException if interrupted
   */
  public Planned plan(String name, long fromMs, long toMs, List<String> books, Progress progress)
      throws RepriceRefusedException, InterruptedException {
    refuseWhileOthersWork();
    Runs.Run begun =
        runs.begin(KIND, name, PLANNING)
            .orElseThrow(() -> new RepriceRefusedException("another run began at the same moment"));
    Lease lease = new Lease(runs, begun);
    try {
      // Whoever began at the same moment sees this run, or this one sees him.
      refuseOthers(begun);
      int edition = editions.active().number();
      lease.update(PLANNING, detail(edition, fromMs, toMs, books, new Preview()));
      Preview preview = new Preview();
      write(begun.id(), preview, fromMs, toMs, progress);
      lease.update(PLANNED, detail(edition, fromMs, toMs, books, preview));
      return new Planned(lease, preview);
    } catch (RepriceRefusedException | RuntimeException e) {
      forget(begun.id());
      lease.finish("declined", begun.detail());
      throw e;
    }
  }

  /** Gives a planned run up. */
  public void decline(Planned planned) {
    forget(planned.run().id());
    planned.lease().finish("declined", planned.run().detail());
  }

  /**
   * Carries a planned run out.
   *
   * @throws RepriceRefusedException if another process took it over, or a rebuild began meanwhile
   */
  public void apply(Planned planned, Progress progress) throws RepriceRefusedException {
    apply(planned.lease(), false, progress);
  }

  /**
   * Finishes the run that died while it was applied, if there is one.
   *
   * @return the run, now done
   */
  public Optional<Runs.Run> resume(Progress progress) throws RepriceRefusedException {
    for (Runs.Run run : runs.list(KIND, Integer.MAX_VALUE)) {
      if (run.state().equals(APPLYING)) {
        if (run.ageMs() < Runs.STALE_MS) {
          throw new RepriceRefusedException(
              Runs.describe(run) + " is being applied right now: wait until it is done");
        }
        try (Lease lease = new Lease(runs, run.ownedBy(UUID.randomUUID().toString()))) {
          lease.update(APPLYING, run.detail());
          apply(lease, true, progress);
          return Optional.of(lease.run());
        }
      }
    }
    return Optional.empty();
  }

  /** All runs, newest first. */
  public List<Runs.Run> list() {
    return runs.list(KIND, Integer.MAX_VALUE);
  }

  /** Deletes the corrections of a run that will never be applied. */
  private void forget(long run) {
    clickHouse.execute(Sql.of("DELETE FROM corrections WHERE run = {run:UInt64}").with("run", run));
  }

  private void refuseWhileOthersWork() throws RepriceRefusedException {
    for (Runs.Run run : runs.list(KIND, Integer.MAX_VALUE)) {
      boolean alive = run.ageMs() < Runs.STALE_MS;
      switch (run.state()) {
        case APPLYING ->
            throw new RepriceRefusedException(
                Runs.describe(run)
                    + (alive
                        ? " is being applied right now: wait until it is done"
                        : " died while it was applied: ./spanmill reprice --resume finishes it"));
        case PLANNING, PLANNED -> {
          if (alive) {
            throw new RepriceRefusedException(
                Runs.describe(run) + " is at work or waits for its confirmation");
          }
          forget(run.id());
          runs.save(run.finished("abandoned", run.detail(), runs.serverMs()));
        }
        default -> {
          // Over.
        }
      }
    }
    int active = editions.active().number();
    if (editions.wanted() > active) {
      throw new RepriceRefusedException(unfinishedRebuild());
    }
  }

  /** Why an edition that was asked for is not the one that is read, and what ends that. */
  private String unfinishedRebuild() {
    for (Runs.Run run : runs.list(Rebuild.KIND, 1)) {
      if (run.finishedMs() == null && run.ageMs() < Runs.STALE_MS) {
        return Runs.describe(run) + " is at work: wait until it is done";
      }
      return Runs.describe(run)
          + (run.finishedMs() == null ? " died" : " did not complete (" + run.state() + ")")
          + ", and the job counts into its edition already: ./spanmill rebuild completes that;"
          + " then reprice again";
    }
    return "edition "
        + editions.wanted()
        + " of the rollups was asked for and is not complete: ./spanmill rebuild completes one;"
        + " then reprice again";
  }

  private void refuseOthers(Runs.Run mine) throws RepriceRefusedException {
    for (Runs.Run run : runs.list(KIND, Integer.MAX_VALUE)) {
      boolean open = List.of(PLANNING, PLANNED, APPLYING).contains(run.state());
      if (run.id() != mine.id() && open) {
        throw new RepriceRefusedException(Runs.describe(run) + " is at work");
      }
    }
  }

  /** Stores the corrections of a run and adds them up. */
  private void write(long run, Preview preview, long fromMs, long toMs, Progress progress) {
    StoredCalls calls = new StoredCalls(clickHouse);
    CorrectionColumns columns = new CorrectionColumns();
    NormalizedSpan after = new NormalizedSpan();
    long days = days(fromMs, toMs);
    long done = 0;
    for (long at = fromMs; at < toMs; at = nextDay(at)) {
      calls.forEach(
          at,
          Math.min(toMs, nextDay(at)),
          before -> {
            preview.read();
            after.copyFrom(before);
            pricer.price(after);
            if (changes(before, after)) {
              columns.add(run, before, after);
              preview.add(
                  before.layer == null ? "" : before.layer.label(),
                  before.model,
                  before.team,
                  change(before, after));
              if (columns.block.rows() >= BLOCK_ROWS) {
                clickHouse.insertNative(CorrectionColumns.TABLE, columns.block);
                columns.block.clear();
              }
            }
          });
      progress.done("pricing", ++done, days);
    }
    clickHouse.insertNative(CorrectionColumns.TABLE, columns.block);
  }

  /**
   * Whether money changes; a call that costs the same keeps the names of the book it was told by.
   */
  private static boolean changes(NormalizedSpan before, NormalizedSpan after) {
    return before.costPicoUsd != after.costPicoUsd
        || before.computedPicoUsd != after.computedPicoUsd
        || before.reportedPicoUsd != after.reportedPicoUsd
        || before.priced != after.priced;
  }

  private static Preview.Change change(NormalizedSpan before, NormalizedSpan after) {
    return new Preview.Change(
        Math.max(0, before.costPicoUsd),
        Math.max(0, after.costPicoUsd),
        before.priced != PricedState.PRICED && after.priced == PricedState.PRICED,
        before.priced == PricedState.PRICED && after.priced != PricedState.PRICED);
  }

  private void apply(Lease lease, boolean again, Progress progress) throws RepriceRefusedException {
    Runs.Run run = lease.run();
    JsonNode detail = parse(run.detail());
    if (!runs.owns(run)) {
      throw new RepriceRefusedException(Runs.describe(run) + " was taken over by another process");
    }
    // First told, then looked: a rebuild asks for its edition and looks afterwards, so that one of
    // the two always sees the other.
    lease.update(APPLYING, run.detail());
    Edition edition = editions.active();
    // A rebuild that met this run gave up and left its edition asked for: a run that already wrote
    // must be finished all the same, as neither could go on without the other.
    boolean asked = !again && editions.wanted() > edition.number();
    if (asked || edition.number() != detail.path("edition").asInt()) {
      lease.update(again ? APPLYING : PLANNED, run.detail());
      throw new RepriceRefusedException(
          "rollups are being rebuilt, or were since "
              + Runs.describe(run)
              + " was planned: let ./spanmill rebuild end, then run ./spanmill reprice anew");
    }
    long fromMs = Instant.parse(detail.path("from").asText()).toEpochMilli();
    long toMs = Instant.parse(detail.path("to").asText()).toEpochMilli();
    CorrectionRollups rollups =
        new CorrectionRollups(clickHouse, cubes, settings, edition, run.id());
    if (again) {
      rollups.clear();
    }
    String insert = insert();
    long days = days(fromMs, toMs);
    long done = 0;
    for (long at = fromMs; at < toMs; at = nextDay(at)) {
      rollups.write(at, Math.min(toMs, nextDay(at)));
      progress.done("correcting rollups", ++done, days);
    }
    rollups.writeTotals();
    done = 0;
    for (long at = fromMs; at < toMs; at = nextDay(at)) {
      clickHouse.execute(
          Sql.of(insert)
              .with("run", run.id())
              .with("from", at)
              .with("to", Math.min(toMs, nextDay(at)))
              .setting("max_partitions_per_insert_block", 0)
              .setting("insert_deduplicate", 0));
      progress.done("correcting calls", ++done, days);
    }
    lease.finish("done", lease.run().detail());
  }

  /** Writes the calls of a day that a run corrects once more, as a newer version. */
  private String insert() {
    StringBuilder names = new StringBuilder();
    StringBuilder values = new StringBuilder();
    for (TableColumn column : clickHouse.columns("calls")) {
      String comma = names.isEmpty() ? "" : ", ";
      names.append(comma).append(column.name());
      values.append(comma).append(CORRECTED.getOrDefault(column.name(), "c." + column.name()));
    }
    String range =
        "event_time >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')"
            + " AND event_time < fromUnixTimestamp64Milli({to:Int64}, 'UTC')";
    return "INSERT INTO calls ("
        + names
        + ") SELECT "
        + values
        + " FROM (SELECT * FROM calls FINAL WHERE "
        + range
        + ") AS c INNER JOIN (SELECT * FROM corrections FINAL WHERE run = {run:UInt64} AND "
        + range
        + ") AS k ON c.project = k.project AND c.layer = k.layer AND c.event_time = k.event_time"
        + " AND c.trace_id = k.trace_id AND c.span_id = k.span_id";
  }

  private static long nextDay(long atMs) {
    return atMs - Math.floorMod(atMs, DAY_MS) + DAY_MS;
  }

  private static long days(long fromMs, long toMs) {
    return (toMs - (fromMs - Math.floorMod(fromMs, DAY_MS)) + DAY_MS - 1) / DAY_MS;
  }

  private String detail(int edition, long fromMs, long toMs, List<String> books, Preview preview) {
    ObjectNode node = json.createObjectNode();
    node.put("edition", edition);
    node.put("from", Instant.ofEpochMilli(fromMs).toString());
    node.put("to", Instant.ofEpochMilli(toMs).toString());
    books.forEach(node.putArray("books")::add);
    node.put("callsRead", preview.callsRead());
    ObjectNode layers = node.putObject("layers");
    preview
        .layers()
        .forEach(
            (layer, line) ->
                layers
                    .putObject(layer)
                    .put("calls", line.calls())
                    .put("beforeUsd", PicoUsd.toUsd(line.beforePicoUsd()))
                    .put("afterUsd", PicoUsd.toUsd(line.afterPicoUsd()))
                    .put("differenceUsd", PicoUsd.toUsd(line.differencePicoUsd()))
                    .put("newlyPriced", line.newlyPriced())
                    .put("noLongerPriced", line.noLongerPriced()));
    try {
      return json.writeValueAsString(node);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of plain values must be writable", e);
    }
  }

  private JsonNode parse(String detail) {
    try {
      return json.readTree(detail);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("table runs holds a detail that is no JSON: " + detail, e);
    }
  }
}

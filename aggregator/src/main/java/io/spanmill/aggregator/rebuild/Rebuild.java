/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.rebuild;

import com.clickhouse.client.api.query.GenericRecord;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.ClickHouseFailure;
import io.spanmill.clickhouse.Editions;
import io.spanmill.clickhouse.Runs;
import io.spanmill.clickhouse.Sql;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.model.Cube;
import io.spanmill.model.CubeSet;
import io.spanmill.model.Edition;
import io.spanmill.model.Generation;
import io.spanmill.model.WindowKind;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Folds {@code calls} into a new edition of the rollups while everything runs.
 *
 * <ol>
 *   <li>A new edition is asked for; each partition of the job goes over to it at an offset, its
 *       cut.
 *   <li>The calls before the cuts are folded into the base of the edition, by the job's own code.
 *   <li>One insert makes the edition the one that is read; then the rows of those before it go.
 * </ol>
 *
 * <p>Readers see the edition before, and with it what the job counts after the cuts, until the
 * insert. Whatever ends a rebuild early changes nothing they see; the next one begins another
 * edition. For one run; not thread-safe.
 */
public final class Rebuild {
  public static final String KIND = "rebuild";

  private static final long POLL_MS = 250;
  private static final long HEARTBEAT_MS = 5_000;

  /** Readers may go by what they read a second ago. */
  private static final long READERS_LAG_MS = 2_000;

  /** Calls of a slice: more are read in shorter stretches. */
  private static final long SLICE_CALLS = 1_000_000;

  private static final long ROW_BYTES = 96L << 20;
  private static final int MINUTES = 60;

  /** How the work goes on. */
  public interface Listener {
    /** A step begins. */
    void step(String what);

    /** So many of so many calls are folded. */
    void folded(long calls, long of);
  }

  /**
   * What a rebuild did.
   *
   * @param edition the edition that is read now
   * @param calls calls folded
   * @param rows rows written
   * @param keptBeforeMs windows before it were carried over as they were; 0 if there are none
   * @param cubes names of the cubes filled
   */
  public record Result(
      int edition, long calls, long rows, long keptBeforeMs, List<String> cubes, long tookMs) {}

  private final ClickHouse clickHouse;
  private final Settings settings;
  private final CubeSet cubes;
  private final Listener listener;
  private final long answerLimitMs;
  private final Editions editions;
  private final Runs runs;
  private Runs.Run run;
  private long savedNanos;

  /**
   * @param cubes as the job is configured
   * @param answerLimitMs how long the job may take to go over
   */
  public static Result run(
      ClickHouse clickHouse,
      Settings settings,
      CubeSet cubes,
      String name,
      long answerLimitMs,
      Listener listener)
      throws RebuildException, InterruptedException {
    Runs runs = new Runs(clickHouse);
    refuseBesideOthers(runs, null);
    Runs.Run run =
        runs.begin(KIND, name, "running")
            .orElseThrow(() -> new RebuildException("another rebuild began at the same moment"));
    Rebuild rebuild = new Rebuild(clickHouse, settings, cubes, listener, answerLimitMs, runs, run);
    try {
      refuseBesideOthers(runs, run);
      Result result = rebuild.run();
      rebuild.finish("done", detail(result));
      return result;
    } catch (RebuildException | InterruptedException | RuntimeException e) {
      try {
        rebuild.finish("failed", failure(e));
      } catch (ClickHouseFailure unsaid) {
        e.addSuppressed(unsaid);
      }
      throw e;
    }
  }

  private Rebuild(
      ClickHouse clickHouse,
      Settings settings,
      CubeSet cubes,
      Listener listener,
      long answerLimitMs,
      Runs runs,
      Runs.Run run) {
    this.clickHouse = clickHouse;
    this.settings = settings;
    this.cubes = cubes;
    this.listener = listener;
    this.answerLimitMs = answerLimitMs;
    this.editions = new Editions(clickHouse);
    this.runs = runs;
    this.run = run;
    this.savedNanos = System.nanoTime();
  }

  private static void refuseBesideOthers(Runs runs, Runs.@Nullable Run own)
      throws RebuildException {
    for (Runs.Run other : runs.list(KIND, Integer.MAX_VALUE)) {
      if (other.finishedMs() != null || (own != null && own.id() == other.id())) {
        continue;
      }
      if (other.ageMs() < Runs.STALE_MS) {
        throw new RebuildException(
            Runs.describe(other)
                + " is at work; one rebuild at a time (one that was killed is given up after a"
                + " minute)");
      }
      runs.save(other.finished("abandoned", other.detail(), runs.serverMs()));
    }
    for (Runs.Run other : runs.list("reprice", Integer.MAX_VALUE)) {
      if (other.state().equals("applying")) {
        throw new RebuildException(
            Runs.describe(other)
                + " is being applied; wait for it, or finish it with ./spanmill reprice --resume");
      }
    }
  }

  private Result run() throws RebuildException, InterruptedException {
    long startedNanos = System.nanoTime();
    Edition active = editions.active();
    int edition = Math.max(editions.wanted(), active.number()) + 1;
    listener.step("asking the job to count in edition " + edition);
    editions.want(edition);
    // Whoever reprices looks for a wanted edition before he writes.
    refuseBesideOthers(runs, run);
    List<Editions.Cut> cuts = awaitCuts(edition);
    checkCubes(cuts);
    List<Long> offsets = cuts.stream().map(Editions.Cut::sourceOffset).toList();
    CutCalls calls = new CutCalls(clickHouse, offsets, cubes.attributeNames());
    NavigableMap<Long, Long> hours = calls.hours();
    heartbeat();

    KeptRows kept = new KeptRows(clickHouse);
    NavigableMap<Long, Long> days = kept.days(active);
    long nowMs = runs.serverMs();
    long keptFromMs = nowMs - TimeUnit.DAYS.toMillis(settings.integer(Keys.RETENTION_CALLS));
    long foldFromMs = KeptRows.firstFoldedDay(days, hours, keptFromMs);
    boolean anyKept = !days.headMap(foldFromMs).isEmpty();
    if (anyKept) {
      listener.step("carrying over the windows before the oldest calls");
      awaitRows(offsets);
      kept.copy(filledBefore(active), active, edition, foldFromMs);
      heartbeat();
    }

    long total = hours.tailMap(foldFromMs).values().stream().mapToLong(Long::longValue).sum();
    listener.step("folding calls");
    BaseRows rows = new BaseRows(clickHouse, cubes, keptWindows(nowMs));
    long folded = fold(edition, calls, hours.tailMap(foldFromMs), total, rows);
    rows.flush();

    listener.step("edition " + edition + " becomes the one that is read");
    refuseIfTakenOver();
    editions.activate(new Edition(edition, filled(active, anyKept ? foldFromMs : 0)));
    listener.step("deleting the rows of the editions before");
    deleteBefore(edition);
    return new Result(
        edition,
        folded,
        rows.written(),
        anyKept ? foldFromMs : 0,
        cubes.cubes().stream().map(Cube::name).toList(),
        TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startedNanos));
  }

  private List<Editions.Cut> awaitCuts(int edition) throws RebuildException, InterruptedException {
    int partitions =
        (int)
            clickHouse.number(Sql.of("SELECT toInt64(max(source_partition)) + 1 FROM source_ends"));
    boolean any = clickHouse.number(Sql.of("SELECT count() FROM source_ends")) > 0;
    if (!any) {
      throw new RebuildException(
          "no aggregator has run on this database in the last two days: start one");
    }
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(answerLimitMs);
    while (true) {
      Map<Integer, Editions.Cut> found = editions.cuts(edition);
      if (found.size() == partitions) {
        return new ArrayList<>(found.values());
      }
      if (System.nanoTime() > deadline) {
        List<Integer> missing = new ArrayList<>();
        for (int p = 0; p < partitions; p++) {
          if (!found.containsKey(p)) {
            missing.add(p);
          }
        }
        throw new RebuildException(
            "the job did not go over to edition "
                + edition
                + " in partitions "
                + missing
                + " within "
                + answerLimitMs / 1000
                + " s: is an aggregator running, and does its sink of calls keep up (GET"
                + " /api/v1/status)? Then run rebuild again");
      }
      heartbeat();
      TimeUnit.MILLISECONDS.sleep(POLL_MS);
    }
  }

  private void checkCubes(List<Editions.Cut> cuts) throws RebuildException {
    for (int p = 0; p < cuts.size(); p++) {
      for (String shape : cubes.shapes()) {
        if (!cuts.get(p).cubes().contains(shape)) {
          throw new RebuildException(
              "the aggregator does not fold cube "
                  + shape
                  + " (partition "
                  + p
                  + " folds "
                  + String.join(", ", cuts.get(p).cubes())
                  + "): give it the same cubes.file as this command and start it anew");
        }
      }
    }
  }

  /** Waits until the rows of all windows that have ended hold what lies before the cuts. */
  private void awaitRows(List<Long> offsets) throws RebuildException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(answerLimitMs);
    while (!rowsReach(offsets)) {
      if (System.nanoTime() > deadline) {
        throw new RebuildException(
            "the rollups did not get as far as the calls within "
                + answerLimitMs / 1000
                + " s: GET /api/v1/status tells what lags; then run rebuild again");
      }
      heartbeat();
      TimeUnit.MILLISECONDS.sleep(POLL_MS);
    }
  }

  private boolean rowsReach(List<Long> offsets) {
    Map<Integer, Long> reached = new HashMap<>();
    for (GenericRecord row :
        clickHouse.query(
            Sql.of(
                "SELECT source_partition, min(source_offset) AS reached,"
                    + " toInt64(count()) AS sinks FROM progress FINAL WHERE kind = 'rollups'"
                    + " GROUP BY source_partition"))) {
      if (row.getLong("sinks") >= offsets.size()) {
        reached.put(row.getInteger("source_partition"), row.getLong("reached"));
      }
    }
    for (int p = 0; p < offsets.size(); p++) {
      if (reached.getOrDefault(p, 0L) < offsets.get(p)) {
        return false;
      }
    }
    return true;
  }

  private long fold(int edition, CutCalls calls, Map<Long, Long> hours, long total, BaseRows rows) {
    long folded = 0;
    long day = -1;
    BaseFold fold = null;
    for (Map.Entry<Long, Long> hour : hours.entrySet()) {
      long startMs = hour.getKey();
      if (fold == null || WindowKind.DAY.startOf(startMs) != day) {
        if (fold != null) {
          fold.end();
        }
        day = WindowKind.DAY.startOf(startMs);
        fold =
            new BaseFold(
                cubes.cubes(),
                edition,
                settings.integer(Keys.CARDINALITY_LIMIT),
                ROW_BYTES,
                rows::add);
      }
      folded += foldHour(fold, calls, startMs, hour.getValue(), folded, total);
    }
    if (fold != null) {
      fold.end();
    }
    return folded;
  }

  /** Reads an hour in stretches of whole minutes, as many as its calls demand. */
  private long foldHour(
      BaseFold fold, CutCalls calls, long startMs, long count, long before, long total) {
    int stretches = 1;
    while (stretches < MINUTES && (count / stretches > SLICE_CALLS || MINUTES % stretches != 0)) {
      stretches++;
    }
    long lengthMs = WindowKind.HOUR.lengthMs() / stretches;
    long[] n = {0};
    for (int i = 0; i < stretches; i++) {
      long fromMs = startMs + i * lengthMs;
      calls.read(
          fromMs,
          fromMs + lengthMs,
          call -> {
            fold.add(call);
            n[0]++;
            if (n[0] % 20_000 == 0) {
              told(before + n[0], total);
            }
          });
      fold.endSlice(fromMs + lengthMs);
      told(before + n[0], total);
    }
    return n[0];
  }

  private void told(long calls, long total) {
    listener.folded(calls, total);
    heartbeat();
  }

  private Map<WindowKind, Long> keptWindows(long nowMs) {
    Map<WindowKind, Long> from = new EnumMap<>(WindowKind.class);
    from.put(WindowKind.MINUTE, keptFrom(nowMs, Keys.RETENTION_MINUTE));
    from.put(WindowKind.HOUR, keptFrom(nowMs, Keys.RETENTION_HOUR));
    from.put(WindowKind.DAY, keptFrom(nowMs, Keys.RETENTION_DAY));
    return from;
  }

  private long keptFrom(long nowMs, String key) {
    // A day more than is kept for certain.
    return nowMs - TimeUnit.DAYS.toMillis(settings.integer(key) + 1L);
  }

  private List<Cube> filledBefore(Edition active) {
    return cubes.cubes().stream().filter(c -> active.filledFrom(cubes.shape(c)) != null).toList();
  }

  private Map<String, Long> filled(Edition active, long foldFromMs) {
    Map<String, Long> filled = new HashMap<>();
    for (String shape : cubes.shapes()) {
      Long before = active.filledFrom(shape);
      filled.put(shape, before == null ? foldFromMs : Math.min(before, foldFromMs));
    }
    return filled;
  }

  private void refuseIfTakenOver() throws RebuildException {
    if (!runs.owns(run)) {
      throw new RebuildException("this run was taken for dead, and another one began");
    }
  }

  private void deleteBefore(int edition) throws InterruptedException {
    // Queries that began with the edition before may still run.
    long graceMs = settings.longValue(Keys.QUERY_TIMEOUT_MS) + READERS_LAG_MS;
    long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(graceMs);
    while (System.nanoTime() < until) {
      heartbeat();
      TimeUnit.MILLISECONDS.sleep(POLL_MS);
    }
    String cluster = settings.string(Keys.CLICKHOUSE_CLUSTER);
    String onCluster = cluster.isEmpty() ? "" : " ON CLUSTER '" + cluster + "'";
    for (Cube cube : cubes.cubes()) {
      for (WindowKind kind : cube.windows()) {
        if (kind != WindowKind.ALL) {
          clickHouse.execute(
              Sql.of(
                  "DELETE FROM "
                      + cube.table(kind)
                      + onCluster
                      + " WHERE generation < "
                      + Generation.first(edition)));
          heartbeat();
        }
      }
    }
  }

  private void heartbeat() {
    if (System.nanoTime() - savedNanos > TimeUnit.MILLISECONDS.toNanos(HEARTBEAT_MS)) {
      runs.save(run);
      savedNanos = System.nanoTime();
    }
  }

  private void finish(String state, String detail) {
    run = run.finished(state, detail, runs.serverMs());
    runs.save(run);
  }

  private static String detail(Result result) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    node.put("edition", result.edition());
    node.put("calls", result.calls());
    node.put("rows", result.rows());
    node.put("keptBeforeMs", result.keptBeforeMs());
    node.put("tookMs", result.tookMs());
    ArrayNode names = node.putArray("cubes");
    result.cubes().forEach(names::add);
    return node.toString();
  }

  private static String failure(Exception e) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("error", String.valueOf(e.getMessage()))
        .toString();
  }
}

/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * What some traces come to: traces, their spans, how many ended in which state, and what their
 * counted calls cost. Not thread-safe while it is read; not changed afterwards.
 */
public final class TraceSums implements KeptFigures.Figures<TraceSums> {
  private long traces;
  private long spans;
  private long success;
  private long fail;
  private long indeterminate;
  private final CostGroups money = new CostGroups();

  private TraceSums() {}

  /** Reads them. */
  record Source(Database database) implements KeptFigures.Source<TraceSums> {
    @Override
    public TraceSums none() {
      return new TraceSums();
    }

    @Override
    public Map<Long, TraceSums> read(FoundTraces found) {
      Supplier<List<Row>> money =
          database.begin(() -> database.query(moneyOf(found), database.spilling()));
      Sql sql =
          new Sql()
              .add("SELECT view, count() AS traces, sum(spans) AS span_count,")
              .add(" countIf(state = 'success') AS success, countIf(state = 'fail') AS fail,")
              .add(" countIf(state = 'indeterminate') AS indeterminate FROM (SELECT *, ")
              .add(FoundTraces.STATE + " AS state FROM ");
      found.append(sql, null, true);
      sql.add(") GROUP BY view");
      Map<Long, TraceSums> out = new HashMap<>();
      database.query(sql, database.spilling()).forEach(r -> of(out, r).addTraces(r));
      money.get().forEach(r -> of(out, r).money.add(r));
      return out;
    }

    private static TraceSums of(Map<Long, TraceSums> views, Row row) {
      return views.computeIfAbsent(row.integer("view"), v -> new TraceSums());
    }

    private static Sql moneyOf(FoundTraces found) {
      Sql sql = new Sql().add("SELECT view, " + CostGroups.COLUMNS + " FROM ");
      found.appendCalls(sql);
      return sql.add(" GROUP BY view, " + CostGroups.KEYS);
    }
  }

  private void addTraces(Row row) {
    traces += row.integer("traces");
    spans += row.integer("span_count");
    success += row.integer("success");
    fail += row.integer("fail");
    indeterminate += row.integer("indeterminate");
  }

  @Override
  public TraceSums plus(TraceSums others) {
    return sum(others, 1);
  }

  @Override
  public TraceSums minus(TraceSums some) {
    return sum(some, -1);
  }

  private TraceSums sum(TraceSums other, int times) {
    TraceSums out = new TraceSums();
    out.traces = traces + times * other.traces;
    out.spans = spans + times * other.spans;
    out.success = success + times * other.success;
    out.fail = fail + times * other.fail;
    out.indeterminate = indeterminate + times * other.indeterminate;
    out.money.add(money, 1);
    out.money.add(other.money, times);
    return out;
  }

  public long traces() {
    return traces;
  }

  public long spans() {
    return spans;
  }

  public long success() {
    return success;
  }

  public long fail() {
    return fail;
  }

  public long indeterminate() {
    return indeterminate;
  }

  /** Counted calls by what decides their price. */
  public List<Row> money() {
    return money.rows();
  }
}

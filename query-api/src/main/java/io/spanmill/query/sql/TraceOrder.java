/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The first traces in an order. Immutable.
 *
 * @param first in the order; may hold a trace more than once if it is made of several
 * @param last no trace up to this one is missing among them; null: none is missing at all
 */
record TraceOrder(Source source, List<Place> first, @Nullable Place last)
    implements KeptFigures.Figures<TraceOrder> {
  private static final int MAX_TRACES = 600;

  /** Pages up to here are known as a rule. */
  static final int NEAR_PAGE = 500;

  /**
   * Where a trace stands.
   *
   * @param number what it is ordered by, 0 if that is a text
   * @param text what it is ordered by, empty if that is a number
   */
  record Place(BigDecimal number, String text, String traceId) {
    private static final Comparator<Place> ASCENDING =
        Comparator.comparing(Place::number)
            .thenComparing(Place::text, Utf8Order::compare)
            .thenComparing(Place::traceId);
  }

  @Override
  public TraceOrder plus(TraceOrder others) {
    Place known = earlier(last, others.last);
    List<Place> all = new ArrayList<>(first);
    all.addAll(others.first);
    all.sort(source.comparator());
    if (known != null) {
      all.removeIf(p -> source.comparator().compare(p, known) > 0);
    }
    return source.cut(all, known);
  }

  @Override
  public TraceOrder minus(TraceOrder some) {
    List<Place> rest = new ArrayList<>(first);
    some.first.forEach(rest::remove);
    return new TraceOrder(source, rest, last);
  }

  private @Nullable Place earlier(@Nullable Place one, @Nullable Place other) {
    if (one == null || other == null) {
      return one == null ? other : one;
    }
    return source.comparator().compare(one, other) <= 0 ? one : other;
  }

  /**
   * The ids of a page, or null if not all of them are known.
   *
   * @param offset of its first trace
   */
  @Nullable List<String> page(int offset, int limit) {
    if (last != null && first.size() < offset + limit) {
      return null;
    }
    return first.stream().skip(offset).limit(limit).map(Place::traceId).toList();
  }

  /**
   * An order.
   *
   * @param value program text of a column or term of {@link FoundTraces}
   * @param label column shown of the root that the order is by as {@code label}, or null
   * @param calls whether it is by what calls tell
   */
  record Source(
      Database database, String value, @Nullable String label, boolean calls, boolean descending)
      implements KeptFigures.Source<TraceOrder> {

    Comparator<Place> comparator() {
      return descending ? Place.ASCENDING.reversed() : Place.ASCENDING;
    }

    @Override
    public TraceOrder none() {
      return new TraceOrder(this, List.of(), null);
    }

    @Override
    public Map<Long, TraceOrder> read(FoundTraces found) {
      Sql sql = new Sql().add("SELECT view, lower(hex(trace_id)) AS trace, ");
      sql.add(value.equals("trace_id") ? "''" : "toString(" + value + ")");
      append(sql.add(" AS place FROM "), found);
      sql.add(" LIMIT ").bind(MAX_TRACES).add(" BY view");
      Map<Long, List<Place>> views = new HashMap<>();
      for (Row row : database.query(sql, database.spilling())) {
        views.computeIfAbsent(row.integer("view"), v -> new ArrayList<>()).add(place(row));
      }
      Map<Long, TraceOrder> out = new HashMap<>();
      views.forEach(
          (view, places) ->
              out.put(view, cut(places, places.size() < MAX_TRACES ? null : last(places))));
      return out;
    }

    /** Appends the table of the traces and their order. */
    void append(Sql sql, FoundTraces found) {
      String direction = descending ? " DESC" : " ASC";
      found.append(sql, label, calls);
      sql.add(" ORDER BY " + value + direction + ", trace_id" + direction);
    }

    private Place place(Row row) {
      String trace = row.text("trace");
      String text = row.text("place");
      return isText()
          ? new Place(BigDecimal.ZERO, text, trace)
          : new Place(new BigDecimal(text), "", trace);
    }

    private boolean isText() {
      return value.equals("label") || value.equals("trace_id");
    }

    private TraceOrder cut(List<Place> sorted, @Nullable Place known) {
      if (sorted.size() <= MAX_TRACES) {
        return new TraceOrder(this, List.copyOf(sorted), known);
      }
      List<Place> some = List.copyOf(sorted.subList(0, MAX_TRACES));
      return new TraceOrder(this, some, last(some));
    }

    private static Place last(List<Place> places) {
      return places.get(places.size() - 1);
    }
  }
}

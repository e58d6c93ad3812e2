/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.reprice;

import io.spanmill.clickhouse.FixedColumn;
import io.spanmill.clickhouse.LowCardinalityColumn;
import io.spanmill.clickhouse.NativeBlock;
import io.spanmill.clickhouse.NullableColumn;
import io.spanmill.model.Layer;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.PicoUsd;
import io.spanmill.model.PricedState;

/** The columns of table {@code corrections}. Not thread-safe. */
final class CorrectionColumns {
  static final String TABLE = "corrections";

  private static final String PRICED = "Enum8('none' = 0, 'priced' = 1, 'unpriced' = 2)";

  final NativeBlock block = new NativeBlock();
  private final LowCardinalityColumn project = block.label("project");
  private final LowCardinalityColumn layer = block.label("layer");
  private final FixedColumn eventTime = block.millis("event_time");
  private final FixedColumn traceId = block.id("trace_id", 16);
  private final FixedColumn spanId = block.id("span_id", 8);
  private final FixedColumn run = block.uint64("run");
  private final NullableColumn<FixedColumn> oldCost = block.nullableMoney("old_cost");
  private final NullableColumn<FixedColumn> oldComputed = block.nullableMoney("old_computed");
  private final FixedColumn oldPriced = block.enum8("old_priced", PRICED);
  private final LowCardinalityColumn oldBook = block.label("old_book");
  private final NullableColumn<FixedColumn> newReported = block.nullableMoney("new_reported");
  private final NullableColumn<FixedColumn> newCost = block.nullableMoney("new_cost");
  private final NullableColumn<FixedColumn> newComputed = block.nullableMoney("new_computed");
  private final FixedColumn newPriced = block.enum8("new_priced", PRICED);
  private final LowCardinalityColumn newBook = block.label("new_book");
  private final LowCardinalityColumn newEntry = block.label("new_entry");

  void add(long runId, NormalizedSpan before, NormalizedSpan after) {
    project.add(before.project);
    Layer l = before.layer;
    layer.add(l == null ? "" : l.label());
    eventTime.add(before.eventTimeMs);
    traceId.addId(before.traceIdHi, before.traceIdLo);
    spanId.addId(before.spanId);
    run.add(runId);
    money(oldCost, before.costPicoUsd);
    money(oldComputed, before.computedPicoUsd);
    oldPriced.add(code(before.priced));
    oldBook.add(before.priceBook);
    money(newReported, after.reportedPicoUsd);
    money(newCost, after.costPicoUsd);
    money(newComputed, after.computedPicoUsd);
    newPriced.add(code(after.priced));
    newBook.add(after.priceBook);
    newEntry.add(after.priceEntry);
    block.endRow();
  }

  private static void money(NullableColumn<FixedColumn> column, long pico) {
    if (pico == PicoUsd.ABSENT) {
      column.addNull();
    } else {
      column.present().add(pico);
    }
  }

  private static int code(PricedState state) {
    return switch (state) {
      case NONE -> 0;
      case PRICED -> 1;
      case UNPRICED -> 2;
    };
  }
}

/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.sink;

import io.spanmill.clickhouse.FixedColumn;
import io.spanmill.clickhouse.LowCardinalityColumn;
import io.spanmill.clickhouse.MapColumn;
import io.spanmill.clickhouse.NativeBlock;
import io.spanmill.clickhouse.StringColumn;
import io.spanmill.codec.RollupRow;
import io.spanmill.model.Cube;
import io.spanmill.model.Dimension;
import io.spanmill.model.LatencySketch;
import io.spanmill.model.Rollup;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** The columns of a rollup table, filled from cumulative rows of one cube. Not thread-safe. */
public final class RollupColumns {
  private final Cube cube;
  private final List<String> attributeNames;
  private final NativeBlock block = new NativeBlock();
  private final FixedColumn windowStart = block.seconds("window_start");
  private final FixedColumn seriesHash = block.uint128("series_hash");
  private final FixedColumn generation = block.int64("generation");
  private final FixedColumn version = block.int64("version");
  private final Map<Dimension, Labels> dimensions = new EnumMap<>(Dimension.class);
  private final MapColumn<LowCardinalityColumn, StringColumn> extra = block.attributes("extra");
  private final FixedColumn calls = block.int64("calls");
  private final FixedColumn errors = block.int64("errors");
  private final FixedColumn streaming = block.int64("streaming");
  private final FixedColumn cacheHits = block.int64("cache_hits");
  private final FixedColumn withoutUsage = block.int64("without_usage");
  private final FixedColumn inputTokens = block.int64("input_tokens");
  private final FixedColumn cacheReadTokens = block.int64("cache_read_tokens");
  private final FixedColumn cacheWriteTokens = block.int64("cache_write_tokens");
  private final FixedColumn outputTokens = block.int64("output_tokens");
  private final FixedColumn reasoningTokens = block.int64("reasoning_tokens");
  private final FixedColumn savedTokens = block.int64("saved_tokens");
  private final FixedColumn cost = block.money("cost");
  private final FixedColumn reportedCost = block.money("reported_cost");
  private final FixedColumn computedCost = block.money("computed_cost");
  private final FixedColumn priced = block.int64("priced");
  private final FixedColumn unpriced = block.int64("unpriced");
  private final FixedColumn durationMin = block.int64("duration_min_us");
  private final LatencyColumns duration = new LatencyColumns(block, "duration");
  private final LatencyColumns ttft = new LatencyColumns(block, "ttft");
  private final LatencyColumns tpot = new LatencyColumns(block, "tpot");
  private final LatencyColumns queue = new LatencyColumns(block, "queue");
  private final LatencyColumns prefill = new LatencyColumns(block, "prefill");
  private final LatencyColumns decode = new LatencyColumns(block, "decode");
  private final FixedColumn slowestUs = block.int64("slowest_us");
  private final FixedColumn slowestTrace = block.id("slowest_trace", 16);
  private final FixedColumn latestErrorMs = block.int64("latest_error_ms");
  private final FixedColumn latestErrorTrace = block.id("latest_error_trace", 16);

  /** Adds one text, to a column of either kind. */
  private interface Labels {
    void add(String text);
  }

  /**
   * @param attributeNames names of all configured attribute dimensions, in their order
   */
  public RollupColumns(Cube cube, List<String> attributeNames) {
    this.cube = cube;
    this.attributeNames = cube.attributes().stream().map(i -> attributeNames.get(i)).toList();
    for (Dimension dimension : Dimension.values()) {
      if (dimension == Dimension.USER) {
        StringColumn column = block.string(dimension.column());
        dimensions.put(dimension, column::add);
      } else {
        LowCardinalityColumn column = block.label(dimension.column());
        dimensions.put(dimension, column::add);
      }
    }
  }

  public NativeBlock block() {
    return block;
  }

  /**
   * Adds a row; the caller ends it.
   *
   * @throws IllegalArgumentException if it has not the cube's number of dimensions
   */
  public void add(RollupRow row) {
    int own = cube.dimensions().size();
    if (row.dimensions.length != own + cube.attributes().size()) {
      throw new IllegalArgumentException(
          "row of cube " + cube.name() + " has " + row.dimensions.length + " dimensions");
    }
    windowStart.add(row.windowStartMs / 1000);
    seriesHash.add(row.seriesHashHi, row.seriesHashLo);
    generation.add(row.generation);
    version.add(row.version);
    dimensions.forEach(
        (dimension, column) -> {
          int at = cube.dimensions().indexOf(dimension);
          column.add(at < 0 ? "" : row.dimensions[at]);
        });
    for (int i = 0; i < attributeNames.size(); i++) {
      extra.keys().add(attributeNames.get(i));
      extra.values().add(row.dimensions[own + i]);
    }
    extra.endRow();
    addMeasures(row.rollup);
  }

  private void addMeasures(Rollup r) {
    calls.add(r.calls);
    errors.add(r.errors);
    streaming.add(r.streaming);
    cacheHits.add(r.cacheHits);
    withoutUsage.add(r.withoutUsage);
    inputTokens.add(r.inputTokens);
    cacheReadTokens.add(r.cacheReadTokens);
    cacheWriteTokens.add(r.cacheWriteTokens);
    outputTokens.add(r.outputTokens);
    reasoningTokens.add(r.reasoningTokens);
    savedTokens.add(r.savedTokens);
    cost.add(r.cost.high(), r.cost.low());
    reportedCost.add(r.reported.high(), r.reported.low());
    computedCost.add(r.computed.high(), r.computed.low());
    priced.add(r.priced);
    unpriced.add(r.unpriced);
    durationMin.add(r.duration.minMicros);
    duration.add(r.duration);
    ttft.add(r.ttft);
    tpot.add(r.tpot);
    queue.add(r.queue);
    prefill.add(r.prefill);
    decode.add(r.decode);
    slowestUs.add(r.slowestMicros);
    slowestTrace.addId(r.slowestTraceHi, r.slowestTraceLo);
    latestErrorMs.add(r.latestErrorMs);
    latestErrorTrace.addId(r.latestErrorTraceHi, r.latestErrorTraceLo);
  }

  private static final class LatencyColumns {
    private final FixedColumn count;
    private final FixedColumn sum;
    private final FixedColumn max;
    private final MapColumn<FixedColumn, FixedColumn> sketch;

    LatencyColumns(NativeBlock block, String name) {
      count = block.int64(name + "_count");
      sum = block.int64(name + "_sum_us");
      max = block.int64(name + "_max_us");
      sketch = block.sketch(name + "_sketch");
    }

    void add(Rollup.Latency latency) {
      count.add(latency.count);
      sum.add(latency.sumMicros);
      max.add(latency.maxMicros);
      LatencySketch buckets = latency.sketch;
      for (int i = 0; i < buckets.size(); i++) {
        sketch.keys().add(buckets.indexAt(i));
        sketch.values().add(buckets.countAt(i));
      }
      sketch.endRow();
    }
  }
}

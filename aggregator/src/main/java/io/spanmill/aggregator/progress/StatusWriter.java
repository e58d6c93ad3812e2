/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.progress;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.spanmill.aggregator.rollup.Folded;
import io.spanmill.aggregator.topology.JobMetrics;
import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.ClickHouseFailure;
import io.spanmill.clickhouse.Sql;
import io.spanmill.pricing.PriceFiles;
import java.util.Comparator;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes what the job knows of itself into table {@code status}: folded series, deduplication,
 * price books, dead letters, lateness of senders. Called by one thread.
 */
public final class StatusWriter {
  private static final Logger LOG = LoggerFactory.getLogger(StatusWriter.class);
  private static final int MAX_FOLDED = 100;

  private final ClickHouse clickHouse;
  private final JobMetrics metrics;
  private final PriceFiles prices;
  private final DeadLetterCensus deadLetters;
  private final ObjectMapper json = new ObjectMapper();

  public StatusWriter(
      ClickHouse clickHouse, JobMetrics metrics, PriceFiles prices, DeadLetterCensus deadLetters) {
    this.clickHouse = clickHouse;
    this.metrics = metrics;
    this.prices = prices;
    this.deadLetters = deadLetters;
  }

  /** Writes the facts of now; a failure is logged and the next call tries again. */
  public void write() {
    try {
      write("folded", folded());
      write("dedup", dedup());
      write("prices", prices());
      write("dead_letters", deadLetters());
      double[] lateness = metrics.takeLateness();
      if (!Double.isNaN(lateness[0])) {
        ObjectNode node = json.createObjectNode();
        node.put("p50Ms", lateness[0]);
        node.put("p99Ms", lateness[1]);
        write("lateness", node);
      }
    } catch (ClickHouseFailure e) {
      LOG.debug("status not written: {}", e.getMessage());
    }
  }

  private ObjectNode folded() {
    List<Folded> all = metrics.folded();
    ObjectNode node = json.createObjectNode();
    node.put("windows", all.size());
    ArrayNode list = node.putArray("folded");
    all.stream()
        .sorted(Comparator.comparingLong(Folded::startMs).reversed())
        .limit(MAX_FOLDED)
        .forEach(
            f ->
                list.addObject()
                    .put("cube", f.cube())
                    .put("project", f.project())
                    .put("window", f.window().label())
                    .put("windowStartMs", f.startMs())
                    .put("dimension", f.dimension())
                    .put("calls", f.calls()));
    return node;
  }

  private ObjectNode dedup() {
    ObjectNode node = json.createObjectNode();
    long entries = 0;
    long oldestMs = Long.MAX_VALUE;
    long sizeBytes = 0;
    for (JobMetrics.Dedup d : metrics.dedup().values()) {
      entries += d.entries();
      sizeBytes += d.sizeBytes();
      oldestMs = d.oldestArrivalMs() < 0 ? oldestMs : Math.min(oldestMs, d.oldestArrivalMs());
    }
    node.put("entries", entries);
    node.put("sizeBytes", sizeBytes);
    if (oldestMs != Long.MAX_VALUE) {
      node.put("oldestArrivalMs", oldestMs);
    }
    return node;
  }

  private ObjectNode deadLetters() {
    ObjectNode node = json.createObjectNode();
    node.put("count", deadLetters.open());
    ArrayNode latest = node.putArray("latest");
    for (DeadLetterCensus.Letter letter : deadLetters.latest()) {
      latest
          .addObject()
          .put("id", letter.id())
          .put("topic", letter.topic())
          .put("partition", letter.partition())
          .put("offset", letter.offset())
          .put("at", letter.arrivedMs())
          .put("project", letter.project())
          .put("reason", letter.reason());
    }
    return node;
  }

  private ObjectNode prices() {
    ObjectNode node = json.createObjectNode();
    ArrayNode books = node.putArray("books");
    prices.books().books().forEach(b -> books.addObject().put("id", b.id()).put("size", b.size()));
    node.put("loadedAtMs", prices.loadedAt().toEpochMilli());
    String problem = prices.problem();
    if (problem != null) {
      node.put("problem", problem);
    }
    return node;
  }

  private void write(String name, ObjectNode value) {
    try {
      clickHouse.execute(
          Sql.of(
                  "INSERT INTO status (source, name, value)"
                      + " SELECT 'aggregator', {name:String}, {value:String}")
              .with("name", name)
              .with("value", json.writeValueAsString(value)));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of plain values must be writable", e);
    }
  }
}

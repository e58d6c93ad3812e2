/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.sink;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.spanmill.codec.ProgressMarker;
import io.spanmill.codec.Topics;
import java.time.Clock;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;

class RollupRowsTest {
  private final RollupRows rows =
      new RollupRows(
          List.of(),
          List.of(),
          new SinkMetrics(new SimpleMeterRegistry(), "rollups", Clock.systemUTC()));

  @Test
  void aBatch_isWholeOnceEachPartitionToldItsMarker() {
    assertThat(rows.isWhole(2)).isFalse();
    marker(0, 0);
    marker(0, 1);
    assertThat(rows.isWhole(2)).isFalse();
    marker(1, 0);
    assertThat(rows.isWhole(2)).isTrue();
    rows.clear();
    assertThat(rows.isWhole(2)).isFalse();
  }

  private void marker(int sinkPartition, int sourcePartition) {
    rows.add(
        new ConsumerRecord<>(
            Topics.ROLLUPS,
            sinkPartition,
            5,
            null,
            ProgressMarker.of(1000, sourcePartition, 7, 900).encode()));
  }
}

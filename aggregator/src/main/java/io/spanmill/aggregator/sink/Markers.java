/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.sink;

import io.spanmill.codec.ProgressMarker;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** The latest progress marker of each sink partition and source partition in a batch. */
final class Markers {
  private record Pair(int sinkPartition, int sourcePartition) {}

  private final Map<Pair, SourceProgress> latest = new HashMap<>();

  void add(ConsumerRecord<byte[], byte[]> record, ProgressMarker marker) {
    for (int i = 0; i < marker.size(); i++) {
      put(
          new SourceProgress(
              record.partition(),
              marker.partition(i),
              marker.nextOffset(i),
              marker.arrivalMs(i),
              record.offset() + 1,
              marker.tickMs()));
    }
  }

  void put(SourceProgress progress) {
    latest.put(new Pair(progress.sinkPartition(), progress.sourcePartition()), progress);
  }

  List<SourceProgress> latest() {
    return List.copyOf(latest.values());
  }

  void clear() {
    latest.clear();
  }
}

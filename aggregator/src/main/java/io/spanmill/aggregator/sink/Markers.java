/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.sink;

import io.spanmill.codec.ProgressMarker;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** The latest progress marker of each sink partition and source partition in a batch. */
final class Markers {
  private record Pair(int sinkPartition, int sourcePartition) {}

  private final Map<Pair, SourceProgress> latest = new HashMap<>();
  private final Set<Integer> sinkPartitions = new HashSet<>();

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
    sinkPartitions.add(progress.sinkPartition());
  }

  List<SourceProgress> latest() {
    return List.copyOf(latest.values());
  }

  /** How many sink partitions have told something. */
  int sinkPartitions() {
    return sinkPartitions.size();
  }

  void clear() {
    latest.clear();
    sinkPartitions.clear();
  }
}

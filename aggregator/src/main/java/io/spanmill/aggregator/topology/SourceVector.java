/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.topology;

import io.spanmill.codec.PackedReader;
import io.spanmill.codec.PackedWriter;
import io.spanmill.codec.ProgressMarker;
import java.nio.ByteBuffer;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * Up to where each partition of {@code otlp_spans} is processed, as a task of stage 2 has been
 * told; {@linkplain #save kept} in its state. Not thread-safe.
 */
final class SourceVector {
  private static final byte KEY = 'v';

  private final KeyValueStore<byte[], byte[]> store;
  private final PackedWriter out = new PackedWriter(32);
  private final long[] nextOffsets;
  private final long[] arrivalsMs;
  private final boolean[] changed;
  private long latestArrivalMs;

  SourceVector(KeyValueStore<byte[], byte[]> store, int partitions) {
    this.store = store;
    nextOffsets = new long[partitions];
    arrivalsMs = new long[partitions];
    changed = new boolean[partitions];
    for (int p = 0; p < partitions; p++) {
      byte[] stored = store.get(key(p));
      if (stored != null) {
        PackedReader in = new PackedReader(stored);
        nextOffsets[p] = in.varint();
        arrivalsMs[p] = in.zigzag();
        latestArrivalMs = Math.max(latestArrivalMs, arrivalsMs[p]);
      }
    }
  }

  /** Returns whether that was not known. */
  boolean advance(int partition, long nextOffset, long arrivalMs) {
    if (partition >= nextOffsets.length || nextOffset <= nextOffsets[partition]) {
      return false;
    }
    nextOffsets[partition] = nextOffset;
    arrivalsMs[partition] = arrivalMs;
    latestArrivalMs = Math.max(latestArrivalMs, arrivalMs);
    changed[partition] = true;
    return true;
  }

  /** Writes it to the state; before each commit. */
  void save() {
    for (int p = 0; p < changed.length; p++) {
      if (changed[p]) {
        out.clear();
        out.varint(nextOffsets[p]);
        out.zigzag(arrivalsMs[p]);
        store.put(key(p), out.toByteArray());
        changed[p] = false;
      }
    }
  }

  /** The latest arrival told of: the clock that eviction goes by; 0 before the first. */
  long latestArrivalMs() {
    return latestArrivalMs;
  }

  ProgressMarker marker(long tickMs) {
    return ProgressMarker.of(tickMs, nextOffsets, arrivalsMs);
  }

  private static byte[] key(int partition) {
    return ByteBuffer.allocate(5).put(KEY).putInt(partition).array();
  }
}

/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest.publish;

import io.spanmill.otlp.SplitResult.Chunk;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A record in the making: chunks of one partition and project, laid end to end. */
final class Pack {
  /** Which chunks may share a record. */
  record Key(int partition, String project) {}

  private record Part(Submission owner, int spans) {}

  final Key key;
  final long openedNanos;
  private final List<Part> parts = new ArrayList<>();
  private final List<byte[]> values = new ArrayList<>();
  private int sizeBytes;

  Pack(Key key, long openedNanos) {
    this.key = key;
    this.openedNanos = openedNanos;
  }

  int sizeBytes() {
    return sizeBytes;
  }

  int requests() {
    return parts.size();
  }

  void add(Submission owner, Chunk chunk) {
    parts.add(new Part(owner, chunk.spans()));
    values.add(chunk.value());
    sizeBytes += chunk.value().length;
  }

  /** The record's value; the chunks' bytes are let go. */
  byte[] takeValue() {
    if (values.size() == 1) {
      byte[] only = values.get(0);
      values.clear();
      return only;
    }
    byte[] joined = new byte[sizeBytes];
    int at = 0;
    for (byte[] value : values) {
      System.arraycopy(value, 0, joined, at, value.length);
      at += value.length;
    }
    values.clear();
    return joined;
  }

  void finished(@Nullable Throwable error) {
    parts.forEach(part -> part.owner().finished(part.spans(), error));
  }
}

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
  private final RecordValue value = new RecordValue();

  Pack(Key key, long openedNanos) {
    this.key = key;
    this.openedNanos = openedNanos;
  }

  int sizeBytes() {
    return value.sizeBytes();
  }

  int requests() {
    return parts.size();
  }

  void add(Submission owner, Chunk chunk) {
    parts.add(new Part(owner, chunk.spans()));
    value.add(chunk.value());
  }

  /** The record's value; the chunks' bytes are let go. */
  byte[] takeValue() {
    return value.take();
  }

  void finished(@Nullable Throwable error) {
    parts.forEach(part -> part.owner().finished(part.spans(), error));
  }
}

/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest.publish;

import io.spanmill.otlp.SplitResult.Chunk;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** The chunks of one request on their way. */
final class Submission {
  final String project;
  final List<Chunk> chunks;
  final long deadlineNanos;
  final CompletableFuture<Publication> done = new CompletableFuture<>();
  private int left;
  private long acknowledged;
  private long failed;
  private @Nullable Throwable failure;

  Submission(String project, List<Chunk> chunks, long deadlineNanos) {
    this.project = project;
    this.chunks = chunks;
    this.deadlineNanos = deadlineNanos;
    this.left = chunks.size();
  }

  /** Told once for each chunk, by any thread; the last one completes {@link #done}. */
  void finished(int spans, @Nullable Throwable error) {
    Publication result = null;
    synchronized (this) {
      if (error == null) {
        acknowledged += spans;
      } else {
        failed += spans;
        failure = error;
      }
      if (--left == 0) {
        result = new Publication(acknowledged, failed, failure);
      }
    }
    if (result != null) {
      done.complete(result);
    }
  }
}

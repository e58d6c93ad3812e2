/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.topology;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The tasks of one stage on each stream thread: those that one commit serves, as all of a thread's
 * tasks share a producer and its transaction. A task puts itself in when it is begun and takes
 * itself out when it is closed. Thread-safe.
 *
 * @param <T> what stands for a task
 */
final class ThreadTasks<T> {
  private final Map<Thread, Set<T>> byThread = new ConcurrentHashMap<>();

  /** Those of the caller's thread; only that thread may change them. */
  Set<T> ofThisThread() {
    return byThread.computeIfAbsent(Thread.currentThread(), t -> ConcurrentHashMap.newKeySet());
  }
}

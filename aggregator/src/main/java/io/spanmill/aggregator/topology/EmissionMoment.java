/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.topology;

import java.util.BitSet;
import java.util.Set;

/**
 * When a task of stage 2 emits: at a fixed moment some time after stage 1 marked, or as soon after
 * the mark as all has come that is awaited. Awaited are the source partitions that told something
 * the last time, by all tasks of the stream thread: these emit together, so that one commit serves
 * them. Where that was too early for one, what it told is emitted at the fixed moment.
 *
 * <p>Times are those of the wall clock in epoch milliseconds. Used by the task's thread alone, as
 * all of those it waits for are.
 */
final class EmissionMoment implements AutoCloseable {
  /**
   * When a task emits at the latest, as a share of the interval in which stage 1 marks: a commit
   * and folding what it lets through take most of that.
   */
  private static final double AFTER_MARK = 0.25;

  /** How often it is looked whether all has come, as a share of that interval. */
  private static final double LOOK = 0.025;

  private final Set<EmissionMoment> together;
  private final long intervalMs;
  private final long offsetMs;
  private final long lookMs;

  /** How long before the fixed moment it can be early. */
  private final long earlyMs;

  private BitSet told = new BitSet();
  private BitSet awaited = new BitSet();

  /** Whether something was told since the last emission. */
  private boolean anyNews;

  private long lastFixedMs;
  private long earlyForMs;

  /**
   * That of a task on this thread.
   *
   * @param nowMs up to when nothing is due
   */
  EmissionMoment(ThreadTasks<EmissionMoment> tasks, TopologyConfig.Timing timing, long nowMs) {
    together = tasks.ofThisThread();
    intervalMs = timing.emitFinestMs();
    offsetMs = Math.round(timing.markMs() * AFTER_MARK);
    lookMs = Math.max(1, Math.round(timing.markMs() * LOOK));
    earlyMs = Math.min(offsetMs, intervalMs / 2);
    lastFixedMs = fixedBefore(nowMs);
    together.add(this);
  }

  /** How often {@link #isDue} is to be asked, at multiples of it. */
  long lookMs() {
    return lookMs;
  }

  /** Something of this source partition has come that was not known. */
  void told(int sourcePartition) {
    told.set(sourcePartition);
    anyNews = true;
  }

  /** Whether to emit now; the answer yes is given once. */
  boolean isDue(long nowMs) {
    long fixedMs = fixedBefore(nowMs);
    if (fixedMs != lastFixedMs) {
      boolean emittedEarly = earlyForMs == fixedMs && !anyNews;
      lastFixedMs = fixedMs;
      BitSet free = awaited;
      awaited = told;
      told = free;
      told.clear();
      anyNews = false;
      return !emittedEarly;
    }
    long nextMs = fixedMs + intervalMs;
    if (nowMs < nextMs - earlyMs) {
      // Before the mark: parts that had to be handed on.
      told.clear();
      return false;
    }
    if (earlyForMs == nextMs || !allHasCome()) {
      return false;
    }
    earlyForMs = nextMs;
    anyNews = false;
    return true;
  }

  private boolean allHasCome() {
    boolean any = false;
    for (EmissionMoment task : together) {
      if (!task.hasAllAwaited()) {
        return false;
      }
      any |= !task.told.isEmpty();
    }
    return any;
  }

  private boolean hasAllAwaited() {
    for (int p = awaited.nextSetBit(0); p >= 0; p = awaited.nextSetBit(p + 1)) {
      if (!told.get(p)) {
        return false;
      }
    }
    return true;
  }

  private long fixedBefore(long nowMs) {
    return nowMs - Math.floorMod(nowMs - offsetMs, intervalMs);
  }

  /** Nobody waits for this task any more. */
  @Override
  public void close() {
    together.remove(this);
  }
}

/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.topology;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Marks at full seconds; the fixed moment is a quarter of a second later. */
class EmissionMomentTest {
  private static final TopologyConfig.Timing TIMING =
      new TopologyConfig.Timing(1000, 1000, 10_000, 30_000, 60_000, 60_000, 60_000);
  private static final long START = 1_767_268_800_000L;

  private final ThreadTasks<EmissionMoment> threads = new ThreadTasks<>();
  private final List<String> emitted = new ArrayList<>();
  private final List<EmissionMoment> tasks = new ArrayList<>();
  private long now = START;

  @Test
  void withoutNews_itIsTheFixedMoment() {
    begin(2);
    until(2600);
    assertThat(emitted).containsExactly("0@250", "1@250", "0@1250", "1@1250", "0@2250", "1@2250");
  }

  @Test
  void onceAllHasCome_thatTheLastTimeDid_allTasksEmitTogether() {
    begin(2);
    until(1100);
    tellAll(0, 1, 3);
    until(2040);
    emitted.clear();
    tell(0, 0, 1, 3);
    until(2060);
    // The other task has not heard of partition 3 yet.
    tell(1, 0, 1);
    until(2110);
    assertThat(emitted).isEmpty();
    tell(1, 3);
    until(2990);
    assertThat(emitted).containsExactly("0@2125", "1@2125");
  }

  @Test
  void whatIsAwaitedAndDoesNotCome_isWaitedForUntilTheFixedMoment_once() {
    begin(1);
    until(1100);
    tellAll(0, 1);
    until(2040);
    emitted.clear();
    tellAll(0);
    until(3040);
    assertThat(emitted).containsExactly("0@2250");
    tellAll(0);
    until(3400);
    assertThat(emitted).containsExactly("0@2250", "0@3050");
  }

  @Test
  void whatComesAfterAnEarlyEmission_isEmittedAtTheFixedMoment() {
    begin(1);
    until(1100);
    tellAll(0);
    until(2040);
    emitted.clear();
    tellAll(0);
    until(2100);
    tellAll(1);
    until(2900);
    assertThat(emitted).containsExactly("0@2050", "0@2250");
  }

  @Test
  void whatComesBeforeTheMark_isNotTakenForWhatIsAwaited() {
    begin(1);
    until(1100);
    tellAll(0);
    until(1600);
    tellAll(0);
    until(2200);
    assertThat(emitted).containsExactly("0@250", "0@1100");
    tellAll(0);
    until(2300);
    assertThat(emitted).contains("0@2200");
  }

  @Test
  void aTaskThatIsGone_isNotWaitedFor() {
    begin(2);
    until(1100);
    tellAll(0, 1);
    until(2040);
    emitted.clear();
    tasks.get(1).close();
    tasks.remove(1);
    tell(0, 0, 1);
    until(2100);
    assertThat(emitted).containsExactly("0@2050");
  }

  @Test
  void aTaskOfAnotherThread_isNotWaitedFor() throws InterruptedException {
    begin(1);
    Thread other = new Thread(() -> new EmissionMoment(threads, TIMING, START).told(7));
    other.start();
    other.join();
    until(1100);
    tellAll(0);
    until(2040);
    emitted.clear();
    tellAll(0);
    until(2100);
    assertThat(emitted).containsExactly("0@2050");
  }

  private void begin(int count) {
    for (int i = 0; i < count; i++) {
      tasks.add(new EmissionMoment(threads, TIMING, START));
    }
  }

  private void tellAll(int... partitions) {
    for (int task = 0; task < tasks.size(); task++) {
      tell(task, partitions);
    }
  }

  private void tell(int task, int... partitions) {
    for (int partition : partitions) {
      tasks.get(task).told(partition);
    }
  }

  /** Asks every task as often as it wants to be, up to before this many milliseconds. */
  private void until(long afterStartMs) {
    long step = tasks.get(0).lookMs();
    for (; now < START + afterStartMs; now += step) {
      for (int task = 0; task < tasks.size(); task++) {
        if (tasks.get(task).isDue(now)) {
          emitted.add(task + "@" + (now - START));
        }
      }
    }
  }
}

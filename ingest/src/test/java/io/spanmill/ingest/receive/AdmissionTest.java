/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest.receive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class AdmissionTest {
  private static final int BYTES = 8000;
  private static final int REQUESTS = 16;
  private static final double SHARE = 0.25;

  private long now;
  private final Admission admission = new Admission(BYTES, REQUESTS, SHARE, () -> now);

  @Test
  void projectAlone_leavesAnEighthToNewcomers() throws Exception {
    List<Admission.Ticket> held = open("a", REQUESTS);
    assertThat(held).hasSize(REQUESTS - REQUESTS / 8);
    held.get(0).charge(BYTES - BYTES / 8);
    assertThat(refusal(() -> held.get(1).charge(1))).isEqualTo(Outcome.Kind.THROTTLED);
    admission.open("b").charge(BYTES / 8);
    assertThat(admission.bytes()).isEqualTo(BYTES);
    assertThat(admission.requests()).isEqualTo(REQUESTS - 1);
  }

  @Test
  void projectAmongOthers_holdsItsShareAtMost_untilTheyAreQuietForAMinute() throws Exception {
    admission.open("b").close();
    List<Admission.Ticket> held = open("a", REQUESTS);
    assertThat(held).hasSize((int) (REQUESTS * SHARE));
    assertThat(refusal(() -> admission.open("a"))).isEqualTo(Outcome.Kind.THROTTLED);
    held.get(0).charge((long) (BYTES * SHARE));
    assertThat(refusal(() -> held.get(1).charge(1))).isEqualTo(Outcome.Kind.THROTTLED);
    now += TimeUnit.SECONDS.toNanos(60);
    held.get(1).charge(1);
    assertThat(open("a", 1)).hasSize(1);
  }

  @Test
  void allTogether_holdNoMoreThanTheLimits() throws Exception {
    List<Admission.Ticket> held = new ArrayList<>();
    for (int project = 0; project < 8; project++) {
      held.addAll(open("p" + project, 2));
    }
    assertThat(held).hasSize(REQUESTS);
    assertThat(refusal(() -> admission.open("late"))).isEqualTo(Outcome.Kind.OVERLOADED);
    for (int i = 0; i < 4; i++) {
      held.get(2 * i).charge(BYTES / 4);
    }
    assertThat(refusal(() -> held.get(15).charge(1))).isEqualTo(Outcome.Kind.OVERLOADED);
    assertThat(admission.bytes()).isEqualTo(BYTES);
  }

  @Test
  void whatIsGivenBack_isThereForOthers_andCountsOnce() throws Exception {
    Admission.Ticket ticket = admission.open("a");
    ticket.charge(1000);
    ticket.release(400);
    assertThat(admission.bytes()).isEqualTo(600);
    ticket.release(5000);
    assertThat(admission.bytes()).isZero();
    ticket.charge(10);
    ticket.close();
    ticket.close();
    assertThat(admission.bytes()).isZero();
    assertThat(admission.requests()).isZero();
    assertThat(refusal(() -> ticket.charge(1))).isEqualTo(Outcome.Kind.CANCELLED);
    assertThat(admission.bytes()).isZero();
  }

  private List<Admission.Ticket> open(String project, int most) {
    List<Admission.Ticket> held = new ArrayList<>();
    for (int i = 0; i < most; i++) {
      Admission.Ticket ticket = admission.tryOpen(project);
      if (ticket != null) {
        held.add(ticket);
      }
    }
    return held;
  }

  @FunctionalInterface
  private interface Attempt {
    void run() throws RefusedException;
  }

  private static Outcome.Kind refusal(Attempt attempt) {
    return catchThrowableOfType(RefusedException.class, attempt::run).outcome().kind();
  }
}

/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest.receive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.linecorp.armeria.common.HttpData;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BodyReaderTest {
  private static final int MAX_BYTES = 8 * 1024 * 1024;

  private final Admission admission = new Admission(64L * MAX_BYTES, 100, 1, System::nanoTime);
  private final BodyBuffers buffers = new BodyBuffers();

  @Test
  void bodiesOfAnySize_areWhole_howeverOftenTheirArraysWereUsed() throws Exception {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    List<Integer> sizes = new ArrayList<>(List.of(0, 1, 65_535, 65_536, 65_537, 131_072, 5 << 20));
    for (int i = 0; i < 60; i++) {
      sizes.add(random.nextInt(1 << (10 + random.nextInt(12))));
    }
    for (int size : sizes) {
      byte[] body = new byte[size];
      random.nextBytes(body);
      boolean told = random.nextBoolean();
      try (Admission.Ticket ticket = admission.open("p")) {
        Payload read = read(ticket, body, told ? size : -1, 1 + random.nextInt(100_000));
        assertThat(Arrays.copyOf(read.bytes(), read.length())).isEqualTo(body);
        assertThat(admission.bytes()).isEqualTo(read.chargedBytes()).isGreaterThanOrEqualTo(size);
        // What is given back is written over, as the next request would.
        Arrays.fill(read.bytes(), (byte) 0x55);
        buffers.give(read.bytes());
      }
      assertThat(admission.bytes()).isZero();
      assertThat(buffers.keptBytes()).isLessThanOrEqualTo(BodyBuffers.MAX_KEPT_BYTES);
    }
  }

  @Test
  void bodyOfAUsualSize_isReadIntoTheArrayOfTheOneBefore() throws Exception {
    byte[] body = new byte[600_000];
    byte[] first;
    try (Admission.Ticket ticket = admission.open("p")) {
      first = read(ticket, body, body.length, 8192).bytes();
      buffers.give(first);
    }
    try (Admission.Ticket ticket = admission.open("p")) {
      assertThat(read(ticket, body, body.length, 8192).bytes()).isSameAs(first);
    }
  }

  @Test
  void promisedLength_reservesNothing() throws Exception {
    buffers.give(new byte[BodyBuffers.LARGEST_BYTES]);
    try (Admission.Ticket ticket = admission.open("p")) {
      for (int i = 0; i < 20; i++) {
        BodyReader reader = new BodyReader(buffers, ticket, MAX_BYTES, BodyBuffers.LARGEST_BYTES);
        reader.onNext(HttpData.wrap(new byte[100]));
        assertThat(admission.bytes()).isLessThanOrEqualTo((i + 1L) * BodyBuffers.LEAST_BYTES);
      }
    }
  }

  @Test
  void bytesOverTheLimit_areRefused() throws Exception {
    try (Admission.Ticket ticket = admission.open("p")) {
      assertThatThrownBy(() -> read(ticket, new byte[MAX_BYTES + 1], -1, 1 << 20))
          .hasRootCauseInstanceOf(RefusedException.class);
    }
    assertThat(admission.bytes()).isZero();
  }

  @Test
  void arraysOfOtherSizes_andMoreThanAreToBeKept_areLetGo() {
    buffers.give(new byte[1000]);
    buffers.give(new byte[100_000]);
    buffers.give(new byte[2 * BodyBuffers.LARGEST_BYTES]);
    assertThat(buffers.keptBytes()).isZero();
    for (int i = 0; i < 100; i++) {
      buffers.give(new byte[BodyBuffers.LARGEST_BYTES]);
    }
    assertThat(buffers.keptBytes()).isEqualTo(BodyBuffers.MAX_KEPT_BYTES);
    assertThat(buffers.poll(BodyBuffers.LARGEST_BYTES + 1)).isNull();
    assertThat(buffers.poll(BodyBuffers.LARGEST_BYTES / 2)).isNull();
    assertThat(buffers.poll(BodyBuffers.LARGEST_BYTES / 2 + 1)).isNotNull();
  }

  private Payload read(Admission.Ticket ticket, byte[] body, long told, int pieces)
      throws Exception {
    BodyReader reader = new BodyReader(buffers, ticket, MAX_BYTES, told);
    for (int at = 0; at < body.length; at += pieces) {
      int end = Math.min(body.length, at + pieces);
      reader.onNext(HttpData.wrap(Arrays.copyOfRange(body, at, end)));
    }
    reader.onComplete();
    return reader.body().get();
  }
}

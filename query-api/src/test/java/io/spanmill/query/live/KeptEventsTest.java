/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.live;

import static org.assertj.core.api.Assertions.assertThat;

import io.spanmill.query.sql.TestRows;
import java.nio.charset.StandardCharsets;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class KeptEventsTest {
  private static final String RETRY = "retry: 2000\n\n";
  private static final String DROPPED = "event: dropped\ndata: {\"calls\":null}\n\n";

  private final KeptEvents kept = new KeptEvents();

  @Test
  void reader_thatMissedAsManyAsAreKept_getsThemAll() {
    send(0, KeptEvents.MOST);
    assertThat(resumed("0"))
        .isEqualTo(
            RETRY
                + IntStream.rangeClosed(1, KeptEvents.MOST)
                    .mapToObj(n -> "call " + n + "\n\n")
                    .collect(Collectors.joining()));
  }

  @Test
  void reader_thatMissedOneMore_isToldSo_andGoesOnFromHere() {
    send(0, KeptEvents.MOST + 1);
    assertThat(resumed("0")).isEqualTo(RETRY + DROPPED);
  }

  @Test
  void reader_thatMissedNothing_getsNothing() {
    send(0, 7);
    assertThat(resumed("7")).isEqualTo(RETRY);
  }

  @Test
  void reader_thatComesAfterTheTailWasIdle_isToldSo() {
    send(0, KeptEvents.MOST + 1);
    kept.clear();
    assertThat(resumed("0")).isEqualTo(RETRY + DROPPED);
    assertThat(resumed("9")).isEqualTo(RETRY + DROPPED);
  }

  private void send(int first, int last) {
    for (int n = first; n <= last; n++) {
      byte[] bytes = ("call " + n + "\n\n").getBytes(StandardCharsets.US_ASCII);
      kept.add(new KeptEvents.Event(Integer.toString(n), TestRows.empty(), bytes));
    }
  }

  /** What a reader that had this event gets; its own queue is far shorter. */
  private String resumed(String lastId) {
    LiveClient client = new LiveClient(row -> true, lastId, 3, 0);
    WrittenStream out = new WrittenStream();
    kept.resume(client);
    client.start(out);
    client.pump(1);
    return out.text();
  }
}

/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.live;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

final class LiveClientTest {
  private final LiveClient client = new LiveClient(row -> true, null, 3, 0);
  private final WrittenStream out = new WrittenStream();

  @Test
  void slowReader_isToldHowManyWereLeftOut_inTheirPlace() {
    client.start(out);
    client.pump(1);
    out.room = 0;
    for (int i = 1; i <= 7; i++) {
      client.offer(call(i));
    }
    client.pump(2);
    out.room = 100;
    client.pump(3);
    client.offer(call(8));
    client.pump(4);
    assertThat(out.text())
        .isEqualTo(
            "retry: 2000\n\ncall 1\n\ncall 2\n\ncall 3\n\nevent: dropped\ndata: {\"calls\":4}\n\ncall 8\n\n");
  }

  @Test
  void reader_thatTakesNothing_isStuck_oneThatHasNothingIsNot() {
    client.start(out);
    client.pump(10);
    client.pump(1000);
    assertThat(client.stuckSince(1000)).isFalse();
    out.room = 0;
    client.offer(call(1));
    client.pump(2000);
    assertThat(client.stuckSince(1500)).isTrue();
    out.room = 100;
    client.pump(3000);
    assertThat(client.stuckSince(2500)).isFalse();
  }

  @Test
  void readerThatIsGone_isClosed() {
    out.broken = true;
    client.start(out);
    client.pump(1);
    assertThat(client.done()).isDone();
  }

  private static byte[] call(int n) {
    return ("call " + n + "\n\n").getBytes(StandardCharsets.US_ASCII);
  }
}

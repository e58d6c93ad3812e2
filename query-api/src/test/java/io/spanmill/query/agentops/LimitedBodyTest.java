/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.agentops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class LimitedBodyTest {
  private final AtomicBoolean cancelled = new AtomicBoolean();
  private final LimitedBody body = new LimitedBody(6);

  @Test
  void aBodyWithinTheLimit_comesWhole() {
    feed("abc", "def");
    body.onComplete();
    assertThat(read()).isCompletedWithValue("abcdef");
    assertThat(cancelled).isFalse();
  }

  @Test
  void aLargerOne_isGivenUp() {
    feed("abc", "defg");
    body.onComplete();
    assertThat(cancelled).isTrue();
    assertThatThrownBy(() -> read().join()).hasCauseInstanceOf(LimitedBody.TooLarge.class);
  }

  private void feed(String... parts) {
    body.onSubscribe(
        new Flow.Subscription() {
          @Override
          public void request(long n) {
            // All is fed by hand.
          }

          @Override
          public void cancel() {
            cancelled.set(true);
          }
        });
    for (String part : parts) {
      body.onNext(List.of(ByteBuffer.wrap(part.getBytes(StandardCharsets.UTF_8))));
    }
  }

  private CompletableFuture<String> read() {
    return body.getBody()
        .thenApply(b -> new String(b, StandardCharsets.UTF_8))
        .toCompletableFuture();
  }
}

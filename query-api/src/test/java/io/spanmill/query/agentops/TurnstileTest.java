/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.agentops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class TurnstileTest {
  @Test
  void whoFindsNoPlace_isToldToComeAgain() {
    Turnstile one = new Turnstile(1, Duration.ofMillis(1));
    String told =
        one.through(
            () -> {
              assertThatThrownBy(() -> one.through(() -> "second"))
                  .isInstanceOfSatisfying(
                      AgentOpsError.class, e -> assertThat(e.status()).isEqualTo(503));
              return "first";
            });
    assertThat(told).isEqualTo("first");
    assertThat(one.through(() -> "later")).isEqualTo("later");
  }

  @Test
  void aFailure_givesItsPlaceBack() {
    Turnstile one = new Turnstile(1, Duration.ofMillis(1));
    assertThatThrownBy(
            () ->
                one.through(
                    () -> {
                      throw new IllegalStateException("failed");
                    }))
        .hasMessage("failed");
    assertThat(one.through(() -> "next")).isEqualTo("next");
  }
}

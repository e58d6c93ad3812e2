/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.clickhouse;

import static org.assertj.core.api.Assertions.assertThat;

import com.clickhouse.client.api.ServerException;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class ClickHouseFailureTest {
  @Test
  void overload_isTransient() {
    assertThat(ClickHouseFailure.kindOf(252)).isEqualTo(ClickHouseFailure.Kind.TRANSIENT);
    assertThat(ClickHouseFailure.kindOf(241)).isEqualTo(ClickHouseFailure.Kind.TRANSIENT);
  }

  @Test
  void wrongPassword_isNoFaultOfTheRows() {
    ClickHouseFailure failure =
        ClickHouseFailure.of(
            "insert", new RuntimeException(new ServerException(516, "no", 403, "q")));
    assertThat(failure.kind()).isEqualTo(ClickHouseFailure.Kind.SETUP);
    assertThat(failure.code()).isEqualTo(516);
  }

  @Test
  void unlistedCode_isTheRowsFault() {
    assertThat(ClickHouseFailure.kindOf(33)).isEqualTo(ClickHouseFailure.Kind.DATA);
  }

  @Test
  void aGatewaysAnswer_isJudgedByItsStatus() {
    assertThat(ClickHouseFailure.of("q", new ServerException(0, "no", 404, "q")).kind())
        .isEqualTo(ClickHouseFailure.Kind.SETUP);
    assertThat(ClickHouseFailure.of("q", new ServerException(0, "no", 502, "q")).kind())
        .isEqualTo(ClickHouseFailure.Kind.TRANSIENT);
  }

  @Test
  void noAnswer_isTransient() {
    ClickHouseFailure failure =
        ClickHouseFailure.of("insert", new RuntimeException(new IOException("refused")));
    assertThat(failure.kind()).isEqualTo(ClickHouseFailure.Kind.TRANSIENT);
    assertThat(failure).hasMessageContaining("refused");
  }
}

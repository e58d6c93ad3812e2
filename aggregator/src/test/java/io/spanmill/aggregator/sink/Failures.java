/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.sink;

import com.clickhouse.client.api.ServerException;
import io.spanmill.clickhouse.ClickHouseFailure;
import java.io.IOException;

/** Failures as the client would throw them. */
final class Failures {
  private Failures() {}

  static ClickHouseFailure ofCode(int code) {
    return ClickHouseFailure.of("insert", new ServerException(code, "code " + code, 500, "q"));
  }

  static ClickHouseFailure noAnswer() {
    return ClickHouseFailure.of("insert", new IOException("connection refused"));
  }
}

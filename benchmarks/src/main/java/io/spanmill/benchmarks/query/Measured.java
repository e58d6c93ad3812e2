/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.benchmarks.query;

/**
 * What one question cost.
 *
 * @param refused code of the error that answered it, or empty
 * @param runs how often it was asked
 * @param rowsRead rows ClickHouse read for one request
 * @param bytesRead bytes ClickHouse read for one request
 * @param answerBytes size of the answer
 */
record Measured(
    Asked asked,
    String refused,
    int runs,
    double p50Ms,
    double p95Ms,
    long rowsRead,
    long bytesRead,
    long answerBytes) {

  boolean missed() {
    return asked.barMs() > 0 && (!refused.isEmpty() || p95Ms > asked.barMs());
  }
}

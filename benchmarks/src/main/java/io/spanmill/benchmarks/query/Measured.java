/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.benchmarks.query;

/**
 * What one question cost.
 *
 * @param rowsRead rows ClickHouse read for one request
 * @param bytesRead bytes ClickHouse read for one request
 * @param answerBytes size of the answer
 */
record Measured(
    Asked asked, double p50Ms, double p95Ms, long rowsRead, long bytesRead, long answerBytes) {}

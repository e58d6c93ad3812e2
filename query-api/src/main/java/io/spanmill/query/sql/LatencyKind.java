/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

/** The distributions that calls and rollups keep. */
public enum LatencyKind {
  DURATION("latency", "duration"),
  TTFT("ttft", "ttft"),
  TPOT("tpot", "tpot"),
  QUEUE("queue", "queue"),
  PREFILL("prefill", "prefill"),
  DECODE("decode", "decode");

  private final String apiName;
  private final String prefix;

  LatencyKind(String apiName, String prefix) {
    this.apiName = apiName;
    this.prefix = prefix;
  }

  /** Name in metrics of the API. */
  public String apiName() {
    return apiName;
  }

  /** Beginning of its column names. */
  String prefix() {
    return prefix;
  }
}

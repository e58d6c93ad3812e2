/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest.receive;

/** How a request came. */
public enum Protocol {
  GRPC("grpc"),
  HTTP_PROTOBUF("http_protobuf"),
  HTTP_JSON("http_json");

  private final String label;

  Protocol(String label) {
    this.label = label;
  }

  /** As a metric label. */
  public String label() {
    return label;
  }
}

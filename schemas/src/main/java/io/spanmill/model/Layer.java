/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.model;

/**
 * Where along its way a call was seen. Layers are counted apart and never added together, except
 * {@link #GATEWAY} or {@link #CLIENT} with {@link #DIRECT}, which are disjoint.
 */
public enum Layer {
  /** One attempt of a call as the gateway made it. */
  GATEWAY("gateway"),
  /** One request of a user to the gateway, whatever attempts it took. */
  GATEWAY_REQUEST("gateway_request"),
  /** One request as the inference engine served it. */
  ENGINE("engine"),
  /** One call as an SDK in the application saw it. */
  CLIENT("client"),
  /** A client's call that is declared to pass no gateway. */
  DIRECT("direct");

  private final String label;

  Layer(String label) {
    this.label = label;
  }

  /** The name in tables, in the API and in metric labels. */
  public String label() {
    return label;
  }

  /**
   * The layer of that name.
   *
   * @throws IllegalArgumentException naming the known ones
   */
  public static Layer ofLabel(String label) {
    for (Layer layer : values()) {
      if (layer.label.equals(label)) {
        return layer;
      }
    }
    throw new IllegalArgumentException(
        "unknown layer " + label + ", known: gateway, gateway_request, engine, client, direct");
  }
}

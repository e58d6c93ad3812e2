/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

/** No cube answers the question and the facts are too many to read. */
public final class NotCovered extends RuntimeException {
  private final String dimensions;

  NotCovered(String dimensions, String message) {
    super(message);
    this.dimensions = dimensions;
  }

  /** The dimensions a cube would need, comma-separated. */
  public String dimensions() {
    return dimensions;
  }
}

/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.rebuild;

/** A rebuild that is refused or cannot go on. What readers see has not changed. */
public final class RebuildException extends Exception {
  private static final long serialVersionUID = 1;

  RebuildException(String message) {
    super(message);
  }
}

/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.pricing;

/** A price file that cannot be used. The message names file, line and reason. */
public final class PriceBookException extends Exception {
  public PriceBookException(String file, int line, String reason) {
    super(file + (line > 0 ? ":" + line : "") + ": " + reason);
  }
}

/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.auth;

/** A token that is not valid; the message may be shown to its bearer. */
public final class TokenException extends Exception {
  public TokenException(String message) {
    super(message);
  }
}

/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest.receive;

/** Carries an outcome out of the reading of a body. Without a stack trace: it is no fault. */
final class RefusedException extends Exception {
  private static final long serialVersionUID = 1;

  private final transient Outcome outcome;

  RefusedException(Outcome.Kind kind, String message) {
    super(message, null, false, false);
    this.outcome = Outcome.of(kind, message);
  }

  Outcome outcome() {
    return outcome;
  }
}

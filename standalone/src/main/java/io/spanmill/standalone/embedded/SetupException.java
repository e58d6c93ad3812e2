/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.embedded;

import org.jspecify.annotations.Nullable;

/**
 * Something on this machine stops the start: a taken port, an unwritable folder, a missing library.
 * The message is one line for the person at the terminal: what is wrong, where, what to do.
 */
public final class SetupException extends RuntimeException {
  public SetupException(String message) {
    super(message);
  }

  public SetupException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}

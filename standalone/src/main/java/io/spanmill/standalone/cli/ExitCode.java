/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.cli;

/** The exit codes of every command. */
final class ExitCode {
  static final int OK = 0;

  /** The command ran and found a failure or a difference. */
  static final int FAILED = 1;

  /** Wrong arguments or settings. */
  static final int USAGE = 2;

  /** This machine does not allow it: a port, a folder, a server. */
  static final int ENVIRONMENT = 3;

  /** What was asked cannot be told now. */
  static final int UNKNOWN = 4;

  private ExitCode() {}
}

/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.cli;

import io.spanmill.standalone.Logging;

/** The one entry point of every command. */
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    Logging.keepThroughShutdown();
    int code = SpanmillCommand.run(args);
    Logging.end();
    System.exit(code);
  }
}

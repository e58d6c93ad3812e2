/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.config;

import java.util.List;

/** Settings that stop the start. The message lists every problem, one a line. */
public final class SettingsException extends RuntimeException {
  private final List<String> problems;

  public SettingsException(List<String> problems) {
    super("settings: " + String.join("\nsettings: ", problems));
    this.problems = List.copyOf(problems);
  }

  public List<String> problems() {
    return problems;
  }
}

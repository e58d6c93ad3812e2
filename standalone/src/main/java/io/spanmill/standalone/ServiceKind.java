/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone;

import io.spanmill.config.Settings;
import java.util.List;
import java.util.function.Function;

/** The services: their names, the settings of their ports, and how each is started. */
public enum ServiceKind {
  ;

  private final String commandName;
  private final List<String> portKeys;
  private final Function<Settings, Part> starter;

  @SuppressWarnings("UnusedMethod") // Until the first service is listed.
  ServiceKind(String commandName, List<String> portKeys, Function<Settings, Part> starter) {
    this.commandName = commandName;
    this.portKeys = portKeys;
    this.starter = starter;
  }

  /** As on the command line. */
  public String commandName() {
    return commandName;
  }

  List<String> portKeys() {
    return portKeys;
  }

  Part start(Settings settings) {
    return starter.apply(settings);
  }
}

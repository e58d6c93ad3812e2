/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.benchmarks;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The {@code name=value} arguments that the measurements of running services share. */
public final class Options {
  private static final String SETTING = "set.";

  private Options() {}

  /** By name; a word that is none ends the program with exit 2. */
  public static Map<String, String> of(List<String> args) {
    Map<String, String> options = new HashMap<>();
    for (String arg : args) {
      int at = arg.indexOf('=');
      if (at < 1) {
        System.err.println("'" + arg + "' is not name=value; see benchmarks/README.md");
        System.exit(2);
      }
      options.put(arg.substring(0, at), arg.substring(at + 1));
    }
    return options;
  }

  /** A whole number, or another if it is not given. */
  static int number(Map<String, String> options, String name, int otherwise) {
    return Integer.parseInt(options.getOrDefault(name, Integer.toString(otherwise)));
  }

  /** Options of the services' JVMs: {@code java} and {@code jfr}. */
  static List<String> java(Map<String, String> options) {
    List<String> java = new ArrayList<>();
    if (options.containsKey("jfr")) {
      java.add(
          "-XX:StartFlightRecording=settings=profile,dumponexit=true,filename="
              + Path.of(options.get("jfr")).toAbsolutePath()
              + "-%n.jfr");
    }
    if (!options.getOrDefault("java", "").isEmpty()) {
      java.addAll(Arrays.asList(options.get("java").split(" ")));
    }
    return java;
  }

  /** Settings of the services: {@code set.KEY}. */
  static Map<String, String> settings(Map<String, String> options) {
    Map<String, String> settings = new HashMap<>();
    options.forEach(
        (key, value) -> {
          if (key.startsWith(SETTING)) {
            settings.put(key.substring(SETTING.length()), value);
          }
        });
    return settings;
  }
}

/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest.bridge;

import io.spanmill.codec.Topics;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.config.SettingsException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * One topic of {@code ingest.bridge.topics}.
 *
 * @param json whether its records are {@code otlp_json}, else {@code otlp_proto}
 */
record BridgeTopic(String name, boolean json) {
  private static final Set<String> OWN =
      Set.of(Topics.SPANS, Topics.DEAD_LETTERS, Topics.CALLS, Topics.PARTIALS, Topics.ROLLUPS);

  /**
   * Reads the setting.
   *
   * @throws SettingsException naming all bad entries
   */
  static List<BridgeTopic> of(Settings settings) {
    List<BridgeTopic> topics = new ArrayList<>();
    List<String> problems = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    for (String entry : settings.list(Keys.INGEST_BRIDGE_TOPICS)) {
      int equals = entry.indexOf('=');
      String name = equals < 0 ? entry : entry.substring(0, equals).trim();
      String encoding = equals < 0 ? "otlp_proto" : entry.substring(equals + 1).trim();
      boolean json = encoding.equals("otlp_json");
      if (!json && !encoding.equals("otlp_proto")) {
        problems.add(
            Keys.INGEST_BRIDGE_TOPICS
                + ": "
                + entry
                + " has an unknown encoding; otlp_proto and otlp_json can be read");
      } else if (!name.matches("[A-Za-z0-9._-]{1,249}")) {
        problems.add(Keys.INGEST_BRIDGE_TOPICS + ": " + entry + " is no name of a topic");
      } else if (OWN.contains(name)) {
        problems.add(
            Keys.INGEST_BRIDGE_TOPICS
                + ": "
                + name
                + " is written by Spanmill itself; let the Collector write another topic");
      } else if (!seen.add(name)) {
        problems.add(Keys.INGEST_BRIDGE_TOPICS + ": " + name + " is named twice");
      } else {
        topics.add(new BridgeTopic(name, json));
      }
    }
    if (!problems.isEmpty()) {
      throw new SettingsException(problems);
    }
    return topics;
  }
}

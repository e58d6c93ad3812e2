/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.clickhouse;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A file of SQL statements with the places that depend on the server's set-up. */
final class SqlScript {
  private static final Pattern PLACE = Pattern.compile("\\{\\{([a-z]+)(?::([^}]*))?}}");
  private static final Pattern ENGINE = Pattern.compile("(\\w+)(?:\\((.*)\\))?");

  /** Where a replicated table keeps itself in the keeper, and under which name. */
  private static final String REPLICA = "'/clickhouse/tables/{uuid}/{shard}', '{replica}'";

  private SqlScript() {}

  /**
   * The statements, with {@code {{engine:X}}} and {@code {{cluster}}} filled in.
   *
   * @param cluster name of the cluster, or empty for one server
   */
  static List<String> statements(String script, String cluster) {
    UnaryOperator<String> fill = statement -> fill(statement, cluster);
    return split(script).stream().map(fill).toList();
  }

  /** Splits at semicolons that stand outside quotes and comments; drops what holds no statement. */
  static List<String> split(String script) {
    List<String> statements = new ArrayList<>();
    StringBuilder current = new StringBuilder();
    int i = 0;
    while (i < script.length()) {
      char c = script.charAt(i);
      int end;
      if (c == ';') {
        addIfAny(statements, current);
        i++;
        continue;
      }
      if (c == '\'' || c == '"' || c == '`') {
        end = endOfQuoted(script, i);
        current.append(script, i, end);
      } else if (script.startsWith("--", i)) {
        end = script.indexOf('\n', i);
        end = end < 0 ? script.length() : end;
      } else if (script.startsWith("/*", i)) {
        end = script.indexOf("*/", i + 2);
        end = end < 0 ? script.length() : end + 2;
        current.append(' ');
      } else {
        end = i + 1;
        current.append(c);
      }
      i = end;
    }
    addIfAny(statements, current);
    return statements;
  }

  private static int endOfQuoted(String script, int start) {
    char quote = script.charAt(start);
    for (int i = start + 1; i < script.length(); i++) {
      char c = script.charAt(i);
      if (c == '\\') {
        i++;
      } else if (c == quote) {
        // A doubled quote begins a new quoted part right behind, which comes to the same.
        return i + 1;
      }
    }
    throw new IllegalArgumentException(
        "quote " + quote + " at character " + start + " is not closed");
  }

  private static void addIfAny(List<String> statements, StringBuilder current) {
    String statement = current.toString().strip();
    if (!statement.isEmpty()) {
      statements.add(statement);
    }
    current.setLength(0);
  }

  private static String fill(String statement, String cluster) {
    return PLACE
        .matcher(statement)
        .replaceAll(
            place ->
                Matcher.quoteReplacement(
                    switch (place.group(1)) {
                      case "cluster" -> cluster.isEmpty() ? "" : "ON CLUSTER '" + cluster + "'";
                      case "engine" -> engine(place.group(2), cluster);
                      default ->
                          throw new IllegalArgumentException("unknown place " + place.group());
                    }));
  }

  private static String engine(String plain, String cluster) {
    if (cluster.isEmpty()) {
      return plain;
    }
    Matcher parts = ENGINE.matcher(plain);
    if (!parts.matches()) {
      throw new IllegalArgumentException("no engine: " + plain);
    }
    String arguments =
        parts.group(2) == null || parts.group(2).isEmpty() ? "" : ", " + parts.group(2);
    return "Replicated" + parts.group(1) + "(" + REPLICA + arguments + ")";
  }
}

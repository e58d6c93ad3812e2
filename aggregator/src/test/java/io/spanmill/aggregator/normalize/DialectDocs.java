/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.normalize;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/** Prints the dialects' tables as {@code docs/normalisation.md} shows them. */
final class DialectDocs {
  private static final String START = "<!-- tables: printed by DialectDocs -->\n";

  private DialectDocs() {}

  static String tables(List<Dialect> dialects) {
    StringBuilder out = new StringBuilder();
    for (Dialect dialect : dialects) {
      out.append("\n### `")
          .append(dialect.id())
          .append("`\n\n| Field | Keys, in order |\n|---|---|\n");
      for (Field field : Field.values()) {
        List<String> keys = dialect.keys().of(field);
        if (!keys.isEmpty()) {
          out.append("| ").append(field.label()).append(" | ");
          out.append(keys.stream().map(k -> "`" + k + "`").collect(Collectors.joining(", ")));
          out.append(" |\n");
        }
      }
    }
    return out.toString();
  }

  /** Writes the tables into the document named, behind their mark. */
  public static void main(String[] arguments) throws Exception {
    Path doc = Path.of(arguments[0]);
    String text = Files.readString(doc);
    int at = text.indexOf(START) + START.length();
    Files.writeString(
        doc, text.substring(0, at) + tables(Dialects.all(NormalizerConfig.defaults())));
  }
}

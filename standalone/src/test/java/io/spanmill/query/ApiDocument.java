/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code docs/api.md}: each operation of the OpenAPI document with a real answer. */
final class ApiDocument {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
  private static final Pattern EXAMPLE =
      Pattern.compile("```\nGET (\\S+)\n```\n\n```json\n(.*?)\n```", Pattern.DOTALL);
  private static final int LONGEST_TEXT = 120;

  private final StringBuilder text =
      new StringBuilder(
          """
          # The API

          Made from `/openapi.json` and from the answers to the eight example exports by `EdgeIT` with `-Ddocs.write=true`; the suite checks that the \
          answers still have these fields. Lists are cut to their first element. Errors are \
          `{"error": {"code": "…", "message": "…", "field": "…"}}` with the right status.

          Send a key as `Authorization: Bearer KEY` or `X-API-Key: KEY`, or log in. Times are RFC 3339, epoch milliseconds or relative (`now-1h`); money is \
          decimal text in USD; no data is `null`, never 0. Tables take `format=csv` or `format=parquet` (or `Accept: text/csv`): the same rows, nested fields \
          with a dot, at most `export.max.rows`; `X-Spanmill-Truncated` tells when there were more.

          JSON answers have an `ETag`: ask again with `If-None-Match` and an answer whose figures did not change is a 304 without a body. \
          `completeThrough` moves on meanwhile and is no part of the tag; header `X-Spanmill-Complete-Through` tells it with 200 and 304.
          """);

  void operation(String method, String path, JsonNode op) {
    text.append("\n## `")
        .append(method.toUpperCase(java.util.Locale.ROOT))
        .append(' ')
        .append(path)
        .append("`\n\n")
        .append(op.path("summary").asText());
    String role = op.path("x-role").asText();
    text.append(role.isEmpty() ? " For everybody.\n" : " Role `" + role + "`.\n");
    JsonNode parameters = op.path("parameters");
    StringBuilder filters = new StringBuilder();
    StringBuilder rows = new StringBuilder();
    for (JsonNode p : parameters) {
      String name = p.path("name").asText();
      if (p.path("schema").path("type").asText().equals("array")) {
        filters.append(filters.isEmpty() ? "" : " ").append('`').append(name).append('`');
      } else if (p.path("in").asText().equals("query")) {
        rows.append("| `").append(name).append("` | ").append(p.path("description").asText());
        JsonNode choices = p.path("schema").path("enum");
        if (!choices.isMissingNode() && choices.size() <= 12) {
          choices.forEach(c -> rows.append(" `").append(c.asText()).append('`'));
        }
        rows.append(" |\n");
      }
    }
    if (!rows.isEmpty()) {
      text.append("\n| Parameter | |\n|---|---|\n").append(rows);
    }
    if (!filters.isEmpty()) {
      text.append("\nFilters: ").append(filters).append(".\n");
    }
  }

  void example(String pathAndQuery, JsonNode answer) throws IOException {
    text.append("\n```\nGET ")
        .append(pathAndQuery)
        .append("\n```\n\n```json\n")
        .append(JSON.writeValueAsString(cut(answer)))
        .append("\n```\n");
  }

  @Override
  public String toString() {
    return text.toString();
  }

  /** Examples of a written document, by what was asked. */
  static Map<String, JsonNode> examples(String document) throws IOException {
    Map<String, JsonNode> out = new LinkedHashMap<>();
    Matcher m = EXAMPLE.matcher(document);
    while (m.find()) {
      out.put(m.group(1), JSON.readTree(m.group(2)));
    }
    return out;
  }

  /**
   * Where two answers have other fields or other types; of lists the first elements are held
   * against each other. What is null or empty in one may be anything in the other.
   */
  static List<String> differences(JsonNode then, JsonNode now) {
    List<String> out = new ArrayList<>();
    differences(out, "", then, now);
    return out;
  }

  private static void differences(List<String> out, String at, JsonNode then, JsonNode now) {
    if (then.isNull() || now.isNull()) {
      return;
    }
    if (then.getNodeType() != now.getNodeType()) {
      out.add(at + ": " + then.getNodeType() + " became " + now.getNodeType());
    } else if (then.isObject()) {
      if (at.matches(".*\\.(attributes|resource|notCounted|key)")) {
        return;
      }
      Set<String> names = new TreeSet<>();
      then.fieldNames().forEachRemaining(names::add);
      now.fieldNames().forEachRemaining(names::add);
      for (String name : names) {
        if (!then.has(name) || !now.has(name)) {
          out.add(at + "." + name + (then.has(name) ? " is gone" : " is new"));
        } else {
          differences(out, at + "." + name, then.get(name), now.get(name));
        }
      }
    } else if (then.isArray() && !then.isEmpty() && !now.isEmpty()) {
      differences(out, at + "[]", then.get(0), now.get(0));
    }
  }

  static JsonNode cut(JsonNode node) {
    if (node instanceof ArrayNode array) {
      ArrayNode out = JSON.createArrayNode();
      if (!array.isEmpty()) {
        boolean pair = array.size() == 2 && array.get(0).isNumber();
        out.add(cut(array.get(0)));
        if (pair) {
          out.add(cut(array.get(1)));
        }
      }
      return out;
    }
    if (node instanceof ObjectNode object) {
      ObjectNode out = JSON.createObjectNode();
      int n = 0;
      var fields = object.fields();
      while (fields.hasNext() && n++ < 60) {
        var f = fields.next();
        out.set(f.getKey(), cut(f.getValue()));
      }
      return out;
    }
    return node.isTextual() && node.asText().length() > LONGEST_TEXT
        ? JSON.getNodeFactory().textNode(node.asText().substring(0, LONGEST_TEXT) + "…")
        : node;
  }
}

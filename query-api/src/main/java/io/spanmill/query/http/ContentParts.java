/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import static io.spanmill.query.http.Json.object;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Turns the attributes that hold message content into a conversation: indexed keys ({@code
 * gen_ai.prompt.0.role}), lists of messages as JSON, or plain text.
 */
final class ContentParts {
  private static final Pattern INDEXED =
      Pattern.compile("(.*?)\\.(\\d+)\\.(?:message\\.)?(role|content)");
  private static final List<String> INPUT = List.of("prompt", "input", "system", "request");
  private static final List<String> OUTPUT = List.of("completion", "output", "response");

  private ContentParts() {}

  /** Parts in the order of the conversation: inputs, outputs, the rest. */
  static List<Map<String, @Nullable Object>> of(Map<String, String> content) {
    List<Part> parts = new ArrayList<>();
    Map<String, Part> indexed = new TreeMap<>();
    for (Map.Entry<String, String> e : new TreeMap<>(content).entrySet()) {
      Matcher m = INDEXED.matcher(e.getKey());
      if (m.matches()) {
        String group = m.group(1);
        int at = Integer.parseInt(m.group(2));
        Part part =
            indexed.computeIfAbsent(
                String.format("%s.%06d", group, at),
                k -> new Part(direction(group), group + "." + at));
        if (m.group(3).equals("role")) {
          part.role = e.getValue();
        } else {
          part.text = e.getValue();
        }
      } else {
        parts.addAll(plain(e.getKey(), e.getValue()));
      }
    }
    parts.addAll(0, indexed.values());
    parts.sort(Comparator.comparingInt(p -> ORDER.indexOf(p.direction)));
    return parts.stream()
        .map(p -> object("direction", p.direction, "role", p.role, "text", p.text, "key", p.key))
        .toList();
  }

  private static final List<String> ORDER = List.of("input", "output", "other");

  private static final class Part {
    final String direction;
    final String key;
    @Nullable String role;
    String text = "";

    Part(String direction, String key) {
      this.direction = direction;
      this.key = key;
    }
  }

  private static List<Part> plain(String key, String value) {
    String direction = direction(key);
    if (value.startsWith("[") || value.startsWith("{")) {
      try {
        List<Part> messages = messages(Json.MAPPER.readTree(value), direction, key);
        if (!messages.isEmpty()) {
          return messages;
        }
      } catch (JsonProcessingException e) {
        // Text that only looks like JSON is shown as it is.
      }
    }
    Part part = new Part(direction, key);
    part.text = value;
    return List.of(part);
  }

  private static List<Part> messages(JsonNode node, String direction, String key) {
    JsonNode list =
        node.isObject() && node.path("messages").isArray() ? node.path("messages") : node;
    List<Part> out = new ArrayList<>();
    for (JsonNode message : list.isArray() ? list : List.of(list)) {
      JsonNode body = message.has("message") ? message.path("message") : message;
      if (!body.isObject() || !(body.has("role") || body.has("content") || body.has("parts"))) {
        return List.of();
      }
      Part part = new Part(direction, key);
      part.role = body.hasNonNull("role") ? body.path("role").asText() : null;
      part.text = text(body.has("content") ? body.path("content") : body.path("parts"));
      out.add(part);
    }
    return out;
  }

  private static String text(JsonNode content) {
    if (content.isTextual()) {
      return content.asText();
    }
    if (content.isArray()) {
      List<String> texts = new ArrayList<>();
      for (JsonNode part : content) {
        JsonNode inner = part.has("text") ? part.path("text") : part.path("content");
        texts.add(inner.isTextual() ? inner.asText() : part.toString());
      }
      return String.join("\n", texts);
    }
    return content.isMissingNode() || content.isNull() ? "" : content.toString();
  }

  private static String direction(String key) {
    String k = key.toLowerCase(Locale.ROOT);
    if (OUTPUT.stream().anyMatch(k::contains)) {
      return "output";
    }
    return INPUT.stream().anyMatch(k::contains) ? "input" : "other";
  }
}

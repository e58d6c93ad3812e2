/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.agentops;

import static io.spanmill.query.http.Json.object;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.javalin.http.Context;
import io.spanmill.query.http.Json;
import io.spanmill.query.http.RequestBody;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The values of a request, checked as FastAPI does: all that is wrong comes in one answer 422.
 * Unknown parameters are let be, as there.
 */
final class AskedValues {
  private static final int MAX_TEXT = 1000;

  private final Context http;
  private final List<Map<String, @Nullable Object>> problems = new ArrayList<>();

  AskedValues(Context http) {
    this.http = http;
  }

  /** Epoch milliseconds, or null if it is not given. */
  @Nullable Long time(String name) {
    String given = http.queryParam(name);
    if (given == null) {
      return null;
    }
    Long ms = IsoTime.parse(given);
    if (ms == null) {
      String why = "no ISO 8601 time between 1970 and 2100";
      problem(
          "datetime_from_date_parsing",
          name,
          "Input should be a valid datetime or date, " + why,
          given,
          object("error", why));
    }
    return ms;
  }

  int integer(String name, int absent, int min, int max) {
    String given = http.queryParam(name);
    if (given == null) {
      return absent;
    }
    long n;
    try {
      n = Long.parseLong(given.trim());
    } catch (NumberFormatException e) {
      problem(
          "int_parsing",
          name,
          "Input should be a valid integer, unable to parse string as an integer",
          given,
          null);
      return absent;
    }
    if (n < min) {
      String message = "Input should be greater than or equal to " + min;
      problem("greater_than_equal", name, message, given, object("ge", min));
      return absent;
    }
    if (n > max) {
      String message = "Input should be less than or equal to " + max;
      problem("less_than_equal", name, message, given, object("le", max));
      return absent;
    }
    return (int) n;
  }

  /** One of these; upper and lower case are the same where {@code anyCase}. */
  String choice(String name, String absent, List<String> choices, boolean anyCase) {
    String given = http.queryParam(name);
    if (given == null) {
      return absent;
    }
    String wanted = anyCase ? given.toUpperCase(Locale.ROOT) : given;
    if (!choices.contains(wanted)) {
      String expected = choices.stream().map(c -> "'" + c + "'").collect(Collectors.joining(", "));
      String message = "Input should be " + expected;
      problem("literal_error", name, message, given, object("expected", expected));
      return absent;
    }
    return wanted;
  }

  /** Text that is not empty, or null. */
  @Nullable String text(String name) {
    String given = http.queryParam(name);
    if (given != null && given.length() > MAX_TEXT) {
      String message = "String should have at most " + MAX_TEXT + " characters";
      problem("string_too_long", name, message, given, object("max_length", MAX_TEXT));
    }
    return given == null || given.isEmpty() ? null : given;
  }

  /**
   * Throws what was found.
   *
   * @throws AgentOpsError 422
   */
  void check() {
    if (!problems.isEmpty()) {
      throw AgentOpsError.invalid(problems);
    }
  }

  /**
   * A text field of the JSON body.
   *
   * @throws AgentOpsError 422
   */
  static String field(Context http, String name) {
    String body = RequestBody.text(http);
    if (body.isBlank()) {
      throw AgentOpsError.invalid(
          List.of(found("missing", List.of("body"), "Field required", null, null)));
    }
    JsonNode read;
    try {
      read = Json.MAPPER.readTree(body);
    } catch (JsonProcessingException e) {
      long at = e.getLocation() == null ? 0 : Math.max(0, e.getLocation().getCharOffset());
      throw AgentOpsError.invalid(
          List.of(
              found(
                  "json_invalid",
                  List.of("body", at),
                  "JSON decode error",
                  Map.of(),
                  object("error", "not JSON"))));
    }
    if (!read.isObject()) {
      throw AgentOpsError.invalid(
          List.of(
              found(
                  "model_attributes_type",
                  List.of("body"),
                  "Input should be a valid dictionary or object to extract fields from",
                  read,
                  null)));
    }
    JsonNode value = read.get(name);
    List<Object> at = List.of("body", name);
    if (value == null) {
      throw AgentOpsError.invalid(List.of(found("missing", at, "Field required", read, null)));
    }
    if (!value.isTextual()) {
      throw AgentOpsError.invalid(
          List.of(found("string_type", at, "Input should be a valid string", value, null)));
    }
    return value.asText();
  }

  private void problem(
      String type,
      String name,
      String message,
      String given,
      @Nullable Map<String, @Nullable Object> context) {
    problems.add(found(type, List.of("query", name), message, given, context));
  }

  private static Map<String, @Nullable Object> found(
      String type,
      List<Object> at,
      String message,
      @Nullable Object given,
      @Nullable Map<String, @Nullable Object> context) {
    Map<String, @Nullable Object> out =
        object("type", type, "loc", at, "msg", message, "input", given);
    if (context != null) {
      out.put("ctx", context);
    }
    return out;
  }
}

/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import java.math.BigDecimal;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The query parameters of a request, all of them known to the endpoint. */
public final class Params {
  private static final int MAX_TEXT = 1000;
  private static final int MAX_VALUES = 200;

  private final Map<String, List<String>> values;

  /**
   * @throws ApiException naming a parameter the endpoint does not know, or one that is too long
   */
  public Params(Map<String, List<String>> values, Set<String> known) {
    for (Map.Entry<String, List<String>> e : values.entrySet()) {
      if (e.getKey().isEmpty() && e.getValue().stream().allMatch(String::isEmpty)) {
        continue; // an & too many
      }
      if (!known.contains(e.getKey())) {
        throw new ApiException(
            400,
            "unknown_parameter",
            "unknown parameter "
                + e.getKey()
                + (known.isEmpty()
                    ? ": this endpoint takes none"
                    : ", known: " + String.join(", ", new TreeSet<>(known))),
            e.getKey());
      }
      if (e.getValue().size() > MAX_VALUES) {
        throw ApiException.badParameter(e.getKey(), "given more than " + MAX_VALUES + " times");
      }
      for (String v : e.getValue()) {
        if (v.length() > MAX_TEXT) {
          throw ApiException.badParameter(e.getKey(), "longer than " + MAX_TEXT + " characters");
        }
      }
    }
    this.values = values;
  }

  private Params(Map<String, List<String>> values) {
    this.values = values;
  }

  /** The same with this value for this parameter. */
  Params with(String name, String value) {
    Map<String, List<String>> out = new LinkedHashMap<>(values);
    out.put(name, List.of(value));
    return new Params(out);
  }

  public boolean has(String name) {
    return values.containsKey(name);
  }

  /** Every value of a repeatable parameter. */
  public List<String> all(String name) {
    return values.getOrDefault(name, List.of());
  }

  /** The value of a parameter that may be given once, or null. */
  public @Nullable String text(String name) {
    List<String> given = all(name);
    if (given.size() > 1) {
      throw ApiException.badParameter(name, "may be given once only");
    }
    return given.isEmpty() ? null : given.get(0);
  }

  public String text(String name, String absent) {
    String v = text(name);
    return v == null ? absent : v;
  }

  /** One of these, or the first if it is not given. */
  public String choice(String name, List<String> choices) {
    String v = text(name, choices.get(0));
    if (!choices.contains(v)) {
      throw ApiException.badParameter(
          name, "'" + v + "' is not one of " + String.join(", ", choices));
    }
    return v;
  }

  public int integer(String name, int absent, int min, int max) {
    String v = text(name);
    if (v == null) {
      return absent;
    }
    try {
      int n = Integer.parseInt(v);
      if (n >= min && n <= max) {
        return n;
      }
    } catch (NumberFormatException e) {
      // Told below, with the range.
    }
    throw ApiException.badParameter(name, "must be a whole number from " + min + " to " + max);
  }

  /** A number of at least 0, or null. */
  public @Nullable BigDecimal number(String name) {
    String v = text(name);
    if (v == null) {
      return null;
    }
    if (!v.matches("\\d{1,18}(\\.\\d{1,12})?")) {
      throw ApiException.badParameter(
          name, "'" + v + "' is no number of at least 0: write 1500 or 0.25");
    }
    return new BigDecimal(v);
  }

  /** Comma-separated and repeated parts, without empty ones. */
  public List<String> parts(String name) {
    return all(name).stream()
        .flatMap(v -> Arrays.stream(v.split(",")))
        .map(String::trim)
        .filter(v -> !v.isEmpty())
        .distinct()
        .toList();
  }
}

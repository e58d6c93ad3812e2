/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import io.spanmill.model.WindowKind;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Which traces AgentOps' list is searched for, and where they lie: found out once for all that is
 * asked about them, and not before it is needed. Thread-safe; of one question.
 */
final class TextPlaces {
  private final Database database;
  private final TraceBounds bounds;
  private final SpanTexts texts;
  private final Question q;
  private final String text;
  private @Nullable Set<Long> hours;
  private @Nullable Found found;

  TextPlaces(Database database, TraceBounds bounds, Question q, String text) {
    this.database = database;
    this.bounds = bounds;
    this.texts = new SpanTexts(database);
    this.q = q;
    this.text = text;
  }

  /**
   * Where the traces lie.
   *
   * @param text what is still to be looked for in their roots; null if all of them have the text
   */
  record Found(Places places, @Nullable String text) {}

  String text() {
    return text;
  }

  /**
   * Traces that may have the text in these hours (epoch ms, at least one).
   *
   * @return null if they are very many
   */
  synchronized @Nullable Found of(Set<Long> some) {
    if (!some.equals(hours)) {
      found = find(some);
      hours = Set.copyOf(some);
    }
    return found;
  }

  private @Nullable Found find(Set<Long> some) {
    if (text.isEmpty()) {
      return null;
    }
    Set<String> projects = q.scope().projects();
    Supplier<List<String>> byId = database.begin(() -> bounds.ofIdsWith(projects, some, text));
    Set<Long> rootHours = rootHours(some);
    Set<String> lows = new LinkedHashSet<>();
    if (!rootHours.isEmpty()) {
      lows.addAll(new FoundTraces(q, Views.ofDays(rootHours), text).ofRootsWith(database));
    }
    lows.addAll(byId.get());
    Places places = bounds.placesOfSome(projects, lows, some);
    if (places == null || places.traces().isEmpty()) {
      return places == null ? null : new Found(Places.of(Map.of()), null);
    }
    if (!rootHours.isEmpty()) {
      return new Found(places, text);
    }
    String part = text.toLowerCase(Locale.ROOT);
    return new Found(
        places.only(places.traces().stream().filter(id -> id.contains(part)).toList()), null);
  }

  /** In which of the hours names or tags of roots have the text. */
  private Set<Long> rootHours(Set<Long> some) {
    TimeRange range =
        new TimeRange(Collections.min(some), Collections.max(some) + WindowKind.HOUR.lengthMs());
    Set<Long> out =
        texts
            .find(
                q.scope().projects(),
                range,
                text,
                EnumSet.of(SpanTexts.Kind.NAME, SpanTexts.Kind.TAGS))
            .all();
    out.retainAll(some);
    return out;
  }
}

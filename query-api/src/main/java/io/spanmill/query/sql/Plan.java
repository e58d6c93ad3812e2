/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import io.spanmill.model.Cube;
import io.spanmill.model.WindowKind;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The way a question takes.
 *
 * @param cube the cube its windows are of, or null if no cube has the dimensions
 * @param segments stretches of the range, in order, without gap
 * @param edition number of the edition of the rollups that is read
 */
public record Plan(@Nullable Cube cube, List<Segment> segments, int edition) {
  public Plan {
    segments = List.copyOf(segments);
  }

  /** {@code windows}, {@code calls} or {@code mixed}. */
  public String source() {
    boolean calls = readsCalls();
    boolean windows = segments.stream().anyMatch(s -> s.window() != null);
    return calls && windows ? "mixed" : calls ? "calls" : "windows";
  }

  boolean readsCalls() {
    return segments.stream().anyMatch(s -> s.window() == null);
  }

  /** Whether its windows are those of a small cube: some rows a window and project. */
  boolean isSmall() {
    return Cube.SUMMARY.equals(cube) || Cube.MODEL.equals(cube);
  }

  /** What it depends on, as kinds of {@link Progress}. */
  public Set<String> kinds() {
    Set<String> out = new LinkedHashSet<>();
    for (Segment s : segments) {
      out.add(s.window() == null ? Progress.CALLS : Progress.ROLLUPS);
    }
    return out;
  }

  String table(WindowKind window) {
    return Objects.requireNonNull(cube, "windows without a cube").table(window);
  }
}

/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Who gave traces the name of their session. Thread-safe. */
public final class SessionNamings {
  /** Which spans tell a session. */
  static final String NAMES =
      "(session != '' OR (dialect = 'agentops' AND " + TracesReader.ROOT + "))";

  /** Who named it, if no attribute decides. */
  static final String KIND =
      "multiIf(startsWith(dialect, 'litellm'), 'litellm', dialect = 'agentops', 'agentops',"
          + " 'session')";

  private static final String HAS_ATTRIBUTE =
      "hasAny(attributes.keys, ['gen_ai.conversation.id', 'session.id'])";

  /** Whether an attribute may decide. */
  static final String UNDECIDED =
      "(session != '' AND NOT startsWith(dialect, 'litellm') AND " + HAS_ATTRIBUTE + ")";

  private final Database database;

  SessionNamings(Database database) {
    this.database = database;
  }

  /**
   * A name that spans of a trace gave their session.
   *
   * @param session empty for what is a session without a name: the trace of an AgentOps SDK
   * @param kind who named it: {@code session}, {@code conversation}, {@code litellm} or {@code
   *     agentops}
   */
  public record Naming(String session, String kind) {
    /** From both with a slash between. */
    static Naming ofText(String text) {
      int at = text.lastIndexOf('/');
      return new Naming(text.substring(0, at), text.substring(at + 1));
    }
  }

  /** Names of sessions by trace, the earliest first. */
  public Map<String, List<Naming>> of(Set<String> projects, List<String> traceIds, Places places) {
    // Maps of attributes are read only where they decide.
    Sql sql =
        new Sql()
            .add("SELECT trace, s, kind FROM (SELECT lower(hex(trace_id)) AS trace, session AS s,")
            .add(" multiIf(s = attributes['gen_ai.conversation.id'], 'conversation',")
            .add(" s = attributes['session.id'], 'session', " + KIND + ") AS kind, start_time")
            .add(" FROM spans PREWHERE ");
    naming(sql, projects, traceIds, places);
    sql.add(" AND " + UNDECIDED + " UNION ALL SELECT lower(hex(trace_id)), session, " + KIND)
        .add(", start_time FROM spans PREWHERE ");
    naming(sql, projects, traceIds, places);
    sql.add(" AND NOT " + UNDECIDED)
        .add(") GROUP BY trace, s, kind ORDER BY trace, min(start_time), s, kind");
    Map<String, List<Naming>> out = new HashMap<>();
    for (Row row : database.query(sql)) {
      out.computeIfAbsent(row.text("trace"), t -> new ArrayList<>())
          .add(new Naming(row.text("s"), row.text("kind")));
    }
    return out;
  }

  private static void naming(Sql sql, Set<String> projects, List<String> traceIds, Places places) {
    sql.in("project", projects).add(" AND trace_id IN ");
    CallsReader.traceIds(sql, traceIds);
    places.and(sql, "ts");
    sql.add(" AND " + NAMES);
  }

  /**
   * Who named a session, over its traces, the first first. A trace without a name is a session by
   * AgentOps if its SDK opened it, else by nobody.
   */
  public static List<String> sources(
      String id, List<String> traceIds, Map<String, List<Naming>> namings) {
    Set<String> out = new LinkedHashSet<>();
    for (String trace : traceIds) {
      for (Naming n : namings.getOrDefault(trace, List.of())) {
        if (n.session().equals(id) || (n.session().isEmpty() && trace.equals(id))) {
          out.add(n.kind());
        }
      }
    }
    return List.copyOf(out);
  }
}

/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.agentops;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.spanmill.query.http.Caller;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The routes of the portal's backend, {@code /api/agentops}: the list, a trace and the metrics of a
 * project, with {@code source=agentops} as the configured AgentOps tells them.
 */
final class Portal {
  private static final String THEIRS = "agentops";
  private static final List<String> SOURCES = List.of("spanmill", THEIRS);
  private static final List<String> OWN = List.of("source", "project", "project_id");

  private final Traces traces;
  private final ProjectMetrics metrics;
  private final Doorkeeper door;
  private final @Nullable Upstream upstream;

  Portal(Traces traces, ProjectMetrics metrics, Doorkeeper door, @Nullable Upstream upstream) {
    this.traces = traces;
    this.metrics = metrics;
    this.door = door;
    this.upstream = upstream;
  }

  void register(RoutesConfig routes) {
    routes.get("/api/agentops/traces", Replies.read(this::list));
    routes.get("/api/agentops/traces/{trace}", Replies.read(this::trace));
    routes.get("/api/agentops/metrics", Replies.read(this::metrics));
  }

  private Object list(Context http) {
    Caller caller = door.reader(http);
    return theirs(http)
        ? ask(caller, u -> u.traces(passedOn(http)))
        : traces.list(http, caller, project(http, caller));
  }

  private Object trace(Context http) {
    Caller caller = door.reader(http);
    String id = http.pathParam("trace");
    if (!theirs(http)) {
      return traces.detail(caller, id);
    }
    if (!id.matches("[0-9a-fA-F]{32}")) {
      throw AgentOpsError.detail(404, "Trace not found.");
    }
    return ask(caller, u -> u.trace(id));
  }

  private Object metrics(Context http) {
    Caller caller = door.reader(http);
    return theirs(http)
        ? ask(caller, u -> u.metrics(passedOn(http)))
        : metrics.answer(http, caller, project(http, caller));
  }

  @FunctionalInterface
  private interface Question {
    Object of(Upstream upstream) throws Upstream.Unavailable;
  }

  private Object ask(Caller caller, Question question) {
    Upstream there = upstream;
    if (there == null) {
      throw AgentOpsError.detail(
          404, "source=agentops needs the setting agentops.upstream.url and a key");
    }
    if (!caller.mayRead(there.project())) {
      throw AgentOpsError.detail(404, "Project not found");
    }
    try {
      return question.of(there);
    } catch (Upstream.Unavailable e) {
      throw AgentOpsError.detail(502, String.valueOf(e.getMessage()));
    }
  }

  private static boolean theirs(Context http) {
    AskedValues asked = new AskedValues(http);
    String source = asked.choice("source", SOURCES.get(0), SOURCES, false);
    asked.check();
    return source.equals(THEIRS);
  }

  private String project(Context http, Caller caller) {
    for (String name : new String[] {"project_id", "project"}) {
      String given = http.queryParam(name);
      if (given != null && !given.isEmpty()) {
        return given;
      }
    }
    return door.own(caller);
  }

  private static Map<String, List<String>> passedOn(Context http) {
    Map<String, List<String>> out = new TreeMap<>(http.queryParamMap());
    OWN.forEach(out::remove);
    return out;
  }
}

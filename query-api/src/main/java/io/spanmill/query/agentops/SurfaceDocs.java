/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.agentops;

import io.spanmill.query.http.RouteDoc;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** AgentOps' routes for the OpenAPI document; what they mean is told in docs/agentops.md. */
final class SurfaceDocs {
  private static final String JSON = "application/json";
  private static final String ERRORS = "AgentOpsErrorBody";
  private static final Set<String> RANGE = Set.of("start_time", "end_time");
  private static final List<String> LIST =
      List.of("start_time", "end_time", "query", "limit", "offset", "order_by", "sort_order");
  private static final List<String> PORTAL = List.of("project", "project_id", "source");

  private SurfaceDocs() {}

  static List<RouteDoc> all() {
    List<RouteDoc> out = new ArrayList<>();
    tokens(out);
    dashboard(out);
    uploads(out);
    publicApi(out);
    opsboard(out);
    portal(out);
    legacy(out);
    return out;
  }

  private static void tokens(List<RouteDoc> out) {
    out.add(posts("/v3/auth/token", "A key for a token.", null, "AgentOpsKey", "AgentOpsToken"));
    out.add(open("/v3/auth/token", "What the Bearer token says.", "AgentOpsClaims"));
    out.add(
        posts(
            "/public/v1/auth/access_token",
            "A key for a token of the public API.",
            null,
            "AgentOpsKey",
            "AgentOpsBearer"));
  }

  private static void dashboard(List<RouteDoc> out) {
    String list = "Traces of a project, as AgentOps lists them.";
    out.add(reads("/v4/traces/list/{project}", list, LIST, "AgentOpsTraces"));
    String detail = "A trace, as AgentOps shows it.";
    out.add(reads("/v4/traces/detail/{trace}", detail, List.of(), "AgentOpsTrace"));
    String figures = "Figures of a project, in AgentOps' spelling.";
    out.add(reads("/v4/meterics/project/{project}", figures, RANGE, "AgentOpsMetrics"));
    out.add(
        reads("/v4/metrics/project/{project}", "Figures of a project.", RANGE, "AgentOpsMetrics"));
  }

  private static void uploads(List<RouteDoc> out) {
    for (String end : new String[] {"", "/"}) {
      out.add(
          posts(
              "/v4/logs/upload" + end,
              "Takes the log of the trace in header Trace-Id.",
              "ingest",
              RouteDoc.BINARY,
              "AgentOpsUpload"));
      out.add(
          posts(
              "/v4/objects/upload" + end,
              "Takes an object.",
              "ingest",
              RouteDoc.BINARY,
              "AgentOpsUpload"));
    }
    String log = "The log uploaded with a trace.";
    out.add(reads("/v4/logs/{trace}", log, List.of(), "AgentOpsLog"));
    out.add(
        route(
            "get",
            "/v4/objects/{project}/{name}",
            "An uploaded object.",
            "read",
            Set.of(),
            null,
            "application/octet-stream",
            null,
            0));
  }

  private static void publicApi(List<RouteDoc> out) {
    String project = "The project of the token.";
    out.add(reads("/public/v1/project", project, List.of(), "AgentOpsPublicProject"));
    String trace = "A trace and its spans.";
    out.add(reads("/public/v1/traces/{trace}", trace, List.of(), "AgentOpsPublicTrace"));
    String figures = "Figures of a trace.";
    out.add(reads("/public/v1/traces/{trace}/metrics", figures, List.of(), "AgentOpsTraceMetrics"));
    out.add(reads("/public/v1/spans/{span}", "A span.", List.of(), "AgentOpsOpenSpan"));
    String call = "Figures of a span.";
    out.add(reads("/public/v1/spans/{span}/metrics", call, List.of(), "AgentOpsSpanMetrics"));
  }

  private static void opsboard(List<RouteDoc> out) {
    String projects = "The caller's projects.";
    out.add(reads("/opsboard/projects", projects, List.of(), "AgentOpsProjects"));
    out.add(reads("/opsboard/projects/{project}", "A project.", List.of(), "AgentOpsProject"));
    out.add(reads("/opsboard/users/me", "Who asks.", List.of(), "AgentOpsUser"));
    String never = "Changes nothing: projects and keys come from the settings.";
    out.add(route("post", "/opsboard/{path}", never, "read", Set.of(), null, JSON, null, 403));
  }

  private static void portal(List<RouteDoc> out) {
    Set<String> list = new LinkedHashSet<>(PORTAL);
    list.addAll(LIST);
    String traces = "Traces for the portal, ours or the upstream's.";
    out.add(reads("/api/agentops/traces", traces, list, "AgentOpsTraces"));
    String trace = "A trace for the portal.";
    out.add(reads("/api/agentops/traces/{trace}", trace, Set.of("source"), "AgentOpsTrace"));
    Set<String> figures = new LinkedHashSet<>(PORTAL);
    figures.addAll(RANGE);
    String metrics = "Figures for the portal.";
    out.add(reads("/api/agentops/metrics", metrics, figures, "AgentOpsMetrics"));
  }

  private static void legacy(List<RouteDoc> out) {
    for (String path : Legacy.POSTS) {
      out.add(gone("post", path));
    }
    out.add(gone("put", Legacy.ANY));
    out.add(gone("get", Legacy.ANY));
  }

  private static RouteDoc gone(String method, String path) {
    String text = "The event API of before OpenTelemetry, which is not served.";
    String named = path.replace("*", "{path}");
    return new RouteDoc(
        method, named, text, null, Set.of(), null, JSON, null, "AgentOpsLegacyError", 410);
  }

  private static RouteDoc reads(
      String path, String summary, Iterable<String> parameters, String schema) {
    Set<String> names = new LinkedHashSet<>();
    parameters.forEach(names::add);
    return route("get", path, summary, "read", names, null, JSON, schema, 0);
  }

  private static RouteDoc open(String path, String summary, String schema) {
    return route("get", path, summary, null, Set.of(), null, JSON, schema, 0);
  }

  private static RouteDoc posts(
      String path, String summary, @Nullable String role, String body, String schema) {
    return route("post", path, summary, role, Set.of(), body, JSON, schema, 0);
  }

  private static RouteDoc route(
      String method,
      String path,
      String summary,
      @Nullable String role,
      Set<String> parameters,
      @Nullable String body,
      String mediaType,
      @Nullable String schema,
      int refusal) {
    return new RouteDoc(
        method, path, summary, role, parameters, body, mediaType, schema, ERRORS, refusal);
  }
}

/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import static io.spanmill.query.http.Json.object;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.spanmill.codec.Topics;
import io.spanmill.config.Build;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.model.Cube;
import io.spanmill.model.Edition;
import io.spanmill.model.WindowKind;
import io.spanmill.query.sql.Progress;
import io.spanmill.query.sql.Queries;
import io.spanmill.query.sql.Row;
import io.spanmill.query.sql.StatusReader;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code /api/v1/status}: how the pipeline is. What only the aggregator knows it writes into table
 * {@code status} as JSON under these names: {@code prices}, {@code folded}, {@code dead_letters},
 * {@code dedup}, {@code reconcile}, {@code lateness}, {@code component.NAME}.
 */
final class StatusEndpoint implements Endpoint {
  private static final Logger LOG = LoggerFactory.getLogger(StatusEndpoint.class);
  private static final long STALLED_MS = 60_000;

  private final Queries queries;
  private final QuestionReader questions;
  private final Settings settings;
  private final Build build;
  private final Clock clock;
  private final Supplier<@Nullable UpstreamState> agentOps;
  private final ProxyAccess proxies;
  private final long startedAtMs;

  StatusEndpoint(
      Queries queries,
      QuestionReader questions,
      Settings settings,
      Build build,
      Clock clock,
      Supplier<@Nullable UpstreamState> agentOps) {
    this.agentOps = agentOps;
    this.proxies = new ProxyAccess(settings);
    this.queries = queries;
    this.questions = questions;
    this.settings = settings;
    this.build = build;
    this.clock = clock;
    this.startedAtMs = clock.millis();
  }

  @Override
  public String path() {
    return "/api/v1/status";
  }

  @Override
  public Set<String> parameters() {
    return Set.of();
  }

  @Override
  public Described describes() {
    return new Described(
        "Status", "How the pipeline is: lag, watermarks, tables, dead letters, versions.");
  }

  @Override
  public Object answer(Asked asked) {
    Progress progress = queries.progress().read();
    Long complete =
        progress.completeThrough(List.of(Progress.SPANS, Progress.CALLS, Progress.ROLLUPS));
    StatusReader.Lag lag = queries.status().lag();
    Facts facts = new Facts(queries.status().facts());
    List<Row> tables = queries.status().tables();
    List<Object> warnings = warnings(asked.caller(), progress, lag, facts, tables);
    boolean degraded = warnings.stream().anyMatch(w -> !isNote(w));
    // Figures of all projects together would tell one of the others.
    boolean all = asked.caller().project().equals(Caller.ALL_PROJECTS);
    return object(
        "version", build.version(),
        "commit", build.commit(),
        "startedAt", Json.iso(startedAtMs),
        "now", Json.iso(clock.millis()),
        "state", degraded ? "degraded" : complete == null ? "starting" : "up",
        "warnings", warnings,
        "auth", auth(asked.caller()),
        "projects", List.copyOf(questions.projects(asked.caller())),
        "contentMode", settings.string(Keys.CONTENT_STORAGE),
        "upstreams", upstreams(asked.caller()),
        "completeThrough", Json.iso(complete),
        "lateness", all ? facts.first("lateness") : null,
        "topics", topics(progress, lag, all),
        "rollups", rollups(),
        "tables", all ? tables(tables) : List.of(),
        "deadLetters", deadLetters(facts, asked.caller()),
        "foldedSeries", all ? foldedSeries(facts) : List.of(),
        "dedup", dedup(facts, all),
        "priceBook", priceBook(facts.first("prices")),
        "lastReconcile", all ? facts.first("reconcile") : null,
        "components", components(facts));
  }

  private static Map<String, @Nullable Object> auth(Caller caller) {
    return object(
        "mode", caller.mode(),
        "project", caller.project().equals(Caller.ALL_PROJECTS) ? null : caller.project(),
        "roles", caller.roles().stream().sorted().toList());
  }

  /**
   * The edition that is read, and from when on each cube answers; a cube not filled answers
   * nothing.
   */
  private Map<String, @Nullable Object> rollups() {
    Edition edition = queries.edition();
    List<Object> cubes = new ArrayList<>();
    for (Cube cube : queries.cubeSet().cubes()) {
      Long from = edition.filledFrom(queries.cubeSet().shape(cube));
      cubes.add(
          object(
              "cube",
              cube.name(),
              "dimensions",
              queries.cubeSet().dimensionNames(cube),
              "windows",
              cube.windows().stream().sorted().map(WindowKind::label).toList(),
              "filled",
              from != null,
              "filledFrom",
              from == null || from <= 0 ? null : Json.iso(from)));
    }
    return object("edition", edition.number(), "cubes", cubes);
  }

  private Map<String, @Nullable Object> upstreams(Caller caller) {
    boolean admitted = proxies.admits(caller);
    return object(
        "grafana", upstream(Keys.PROXY_GRAFANA_URL, admitted ? "/api/proxy/grafana/" : null),
        "langfuse", upstream(Keys.PROXY_LANGFUSE_URL, admitted ? "/api/proxy/langfuse/" : null),
        "agentops", agentOps(caller));
  }

  private Map<String, @Nullable Object> upstream(String key, @Nullable String path) {
    boolean configured = !settings.string(key).isEmpty();
    return object("configured", configured, "path", configured ? path : null, "setting", key);
  }

  /** Where and how it answers is told to callers who may ask it. */
  private Map<String, @Nullable Object> agentOps(Caller caller) {
    Map<String, @Nullable Object> out =
        upstream(Keys.AGENTOPS_UPSTREAM_URL, "/api/agentops/traces?source=agentops");
    UpstreamState state = agentOps.get();
    boolean told = state != null && caller.mayRead(state.project());
    Long asked = told ? state.askedAtMs() : null;
    String problem = told ? state.problem() : null;
    out.put("url", told ? state.url() : null);
    out.put("project", told ? state.project() : null);
    out.put("state", asked == null ? "not_asked" : problem == null ? "up" : "failing");
    out.put("askedAt", Json.iso(asked));
    out.put("problem", problem);
    return out;
  }

  private List<Object> topics(Progress progress, StatusReader.Lag lag, boolean all) {
    List<Object> readers = new ArrayList<>();
    for (String kind : List.of(Progress.SPANS, Progress.CALLS, Progress.ROLLUPS)) {
      Long at = progress.completeThroughMs().get(kind);
      long behind = lag.lagByKind().getOrDefault(kind, 0L);
      readers.add(
          object(
              "reader",
              "sink-" + kind,
              "lagRecords",
              all ? (Object) behind : null,
              "lagMs",
              behind == 0 ? (Object) 0 : at == null ? null : clock.millis() - at));
    }
    return List.of(
        object(
            "topic",
            Topics.SPANS,
            "partitions",
            lag.partitions(),
            "records",
            all ? (Object) lag.endOffsets() : null,
            "readers",
            readers,
            "watermark",
            Json.iso(progress.completeThroughMs().get(Progress.SPANS))));
  }

  private static List<Object> tables(List<Row> rows) {
    List<Object> out = new ArrayList<>();
    for (Row row : rows) {
      long written = row.integer("written_ms");
      out.add(
          object(
              "table", row.text("name"),
              "rows", row.integer("rows"),
              "bytes", row.integer("bytes"),
              "lastWrite", written == 0 ? null : Json.iso(written)));
    }
    return out;
  }

  private List<Object> foldedSeries(Facts facts) {
    List<Object> out = new ArrayList<>();
    JsonNode told = facts.first("folded");
    if (told != null) {
      for (JsonNode f : told.path("folded")) {
        out.add(
            object(
                "cube", f.path("cube").asText(),
                "dimension", f.path("dimension").asText(),
                "window", f.path("window").asText(),
                "folded", f.path("calls").asLong(),
                "limit", settings.integer(Keys.CARDINALITY_LIMIT)));
      }
    }
    return out;
  }

  /** The books in force as the rollup job last told, or null. */
  static @Nullable Map<String, @Nullable Object> priceBook(@Nullable JsonNode prices) {
    if (prices == null) {
      return null;
    }
    List<String> ids = new ArrayList<>();
    long entries = 0;
    for (JsonNode book : prices.path("books")) {
      ids.add(book.path("id").asText());
      entries += book.path("size").asLong();
    }
    return object(
        "version",
        String.join(", ", ids),
        "loadedAt",
        prices.has("loadedAtMs") ? Json.iso(prices.path("loadedAtMs").asLong()) : null,
        "files",
        ids,
        "entryCount",
        entries);
  }

  private static Object deadLetters(Facts facts, Caller caller) {
    JsonNode told = facts.first("dead_letters");
    if (told == null) {
      return object("count", 0, "latest", List.of());
    }
    if (caller.project().equals(Caller.ALL_PROJECTS)) {
      return told;
    }
    List<JsonNode> own = new ArrayList<>();
    told.path("latest")
        .forEach(
            d -> {
              if (caller.mayRead(d.path("project").asText())) {
                own.add(d);
              }
            });
    return object("count", own.size(), "latest", own);
  }

  private Map<String, @Nullable Object> dedup(Facts facts, boolean all) {
    JsonNode told = all ? facts.first("dedup") : null;
    return object(
        "horizonMs",
        settings.longValue(Keys.DEDUP_HORIZON_MS),
        "entries",
        told == null ? null : told.get("entries"),
        "maxEntries",
        settings.integer(Keys.DEDUP_MAX_ENTRIES),
        "duplicates",
        told == null ? null : told.get("duplicates"));
  }

  private List<Object> components(Facts facts) {
    List<Object> out = new ArrayList<>();
    out.add(object("name", "ClickHouse", "version", queries.status().serverVersion()));
    out.add(object("name", "Java", "version", Runtime.version().toString()));
    facts.components().forEach((name, v) -> out.add(object("name", name, "version", v)));
    return out;
  }

  private List<Object> warnings(
      Caller caller, Progress progress, StatusReader.Lag lag, Facts facts, List<Row> tables) {
    List<Object> out = new ArrayList<>();
    if (caller.mode().equals("anonymous")) {
      out.add(
          object(
              "code", "anonymous",
              "message", "auth.anonymous=true: everybody may ingest and read project 'default'"));
    }
    for (Map.Entry<String, Long> e : lag.lagByKind().entrySet()) {
      Long at = progress.completeThroughMs().get(e.getKey());
      if (e.getValue() > 0 && (at == null || clock.millis() - at > STALLED_MS)) {
        out.add(
            object(
                "code",
                "stalled",
                "message",
                writer(e.getKey())
                    + " is "
                    + (caller.project().equals(Caller.ALL_PROJECTS)
                        ? e.getValue() + " records "
                        : "")
                    + "behind: see the aggregator's log"));
      }
    }
    if (caller.project().equals(Caller.ALL_PROJECTS) && !foldedSeries(facts).isEmpty()) {
      out.add(
          object(
              "code", "folded",
              "message",
                  "series are folded into __other__: raise cardinality.limit or name fewer values"));
    }
    List<String> orphans = orphans(tables);
    if (caller.project().equals(Caller.ALL_PROJECTS) && !orphans.isEmpty()) {
      out.add(
          object(
              "code",
              "orphaned",
              "message",
              "no cube of cubes.file writes or reads "
                  + String.join(", ", orphans)
                  + ": DROP TABLE them in ClickHouse if the cube does not come back"));
    }
    return out;
  }

  /** Tables of rollups that belong to no cube that is configured. */
  private List<String> orphans(List<Row> tables) {
    Set<String> known = new HashSet<>();
    for (Cube cube : queries.cubeSet().cubes()) {
      cube.windows().forEach(window -> known.add(cube.table(window)));
    }
    return tables.stream()
        .map(row -> row.text("name"))
        .filter(name -> name.startsWith("rollup_") && !known.contains(name))
        .toList();
  }

  /** Spans are read from the source itself, the other kinds from what the job wrote. */
  private static String writer(String kind) {
    return (kind.equals(Progress.SPANS) ? "the sink of " : "the rollup job or the sink of ") + kind;
  }

  private static boolean isNote(Object warning) {
    return warning instanceof Map<?, ?> m && !"stalled".equals(m.get("code"));
  }

  /** Rows of table {@code status}. */
  private record Facts(Map<String, List<Row>> rows) {
    @Nullable JsonNode first(String name) {
      List<Row> found = rows.getOrDefault(name, List.of());
      return found.isEmpty() ? null : parse(found.get(0));
    }

    Map<String, @Nullable Object> components() {
      Map<String, @Nullable Object> out = object();
      rows.forEach(
          (name, list) -> {
            if (name.startsWith("component.")) {
              out.put(name.substring("component.".length()), list.get(0).text("value"));
            }
          });
      return out;
    }

    private static @Nullable JsonNode parse(Row row) {
      try {
        return Json.MAPPER.readTree(row.text("value"));
      } catch (JsonProcessingException e) {
        LOG.warn("status {} of {} is no JSON", row.text("name"), row.text("source"));
        return null;
      }
    }
  }
}

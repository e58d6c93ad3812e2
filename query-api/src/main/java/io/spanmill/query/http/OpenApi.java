/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import static io.spanmill.query.http.Json.object;

import com.fasterxml.jackson.databind.JsonNode;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.spanmill.config.Build;
import io.spanmill.model.Dimension;
import io.spanmill.model.ErrorClass;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * {@code /openapi.json}: the document, made of the endpoints themselves (paths, parameters,
 * choices) and of the schemas that the screen's types are written as.
 */
final class OpenApi implements RouteRegistrar {
  private static final Pattern IN_PATH = Pattern.compile("\\{(\\w+)}");
  private static final String SCHEMAS = "/openapi/schemas.json";

  private static final Map<String, String> ERROR = Map.of("$ref", "#/components/responses/Error");

  private static final Map<String, String> TEXTS =
      Map.ofEntries(
          Map.entry("from", "Begin: RFC 3339, epoch milliseconds, or relative (now-1h)."),
          Map.entry("to", "End, exclusive; like from."),
          Map.entry("tz", "IANA name of the zone that days are cut in."),
          Map.entry("step", "Length of a step: 1m, 1h, 1d or milliseconds; whole minutes."),
          Map.entry("metric", "What is measured."),
          Map.entry("groupBy", "Dimensions, comma-separated."),
          Map.entry("sort", "Order; a leading - for descending."),
          Map.entry("q", "Text to look for."),
          Map.entry("status", "Only failed or only successful ones."),
          Map.entry("minDurationMs", "At least so long, in milliseconds."),
          Map.entry("maxDurationMs", "At most so long, in milliseconds."),
          Map.entry("minCostUsd", "At least so dear, in USD."),
          Map.entry("kind", "Runs of this kind alone."),
          Map.entry("costKind", "How the call came to its money."),
          Map.entry("traceId", "32 hex digits."),
          Map.entry("sessionId", "Name of a session."),
          Map.entry("cursor", "nextCursor of the page before."),
          Map.entry("limit", "Most rows."),
          Map.entry("content", "Span whose message content is wanted: 16 hex digits."),
          Map.entry("format", "json, or a table as csv or parquet."),
          Map.entry("start_time", "Begin, ISO 8601; included."),
          Map.entry("end_time", "End, ISO 8601; included."),
          Map.entry("query", "Part of the trace id, or of the root span's name or tags."),
          Map.entry("offset", "Rows to pass over."),
          Map.entry("order_by", "What the rows are ordered by."),
          Map.entry("sort_order", "ASC or DESC."),
          Map.entry("source", "spanmill, or agentops for the configured AgentOps' own answer."),
          Map.entry("project_id", "Name or UUID of the project."));

  private final byte[] document;
  private final String tag;

  OpenApi(List<Endpoint> endpoints, List<RouteRegistrar> registrars, Build build) {
    Map<String, Map<String, @Nullable Object>> paths = new LinkedHashMap<>();
    for (Endpoint e : endpoints) {
      paths.computeIfAbsent(e.path(), p -> new LinkedHashMap<>()).put("get", operation(e));
    }
    List<RouteDoc> docs = new ArrayList<>();
    docs.add(RouteDoc.get("/openapi.json", "This document.", null, "application/json"));
    registrars.forEach(r -> docs.addAll(r.documentation()));
    for (RouteDoc doc : docs) {
      paths
          .computeIfAbsent(doc.path(), p -> new LinkedHashMap<>())
          .put(doc.method(), operation(doc));
    }
    document =
        Json.bytes(
            object(
                "openapi", "3.1.0",
                "info",
                    object(
                        "title",
                        "Spanmill",
                        "version",
                        build.version(),
                        "description",
                        "Exact cost, tokens, latency and failures of LLM traffic. Money is decimal"
                            + " text in USD; no data is null, never 0.",
                        "license",
                        object("name", "Apache-2.0", "identifier", "Apache-2.0")),
                "servers", List.of(object("url", "/")),
                "security",
                    List.of(
                        object("bearer", List.of()),
                        object("key", List.of()),
                        object("cookie", List.of())),
                "paths", paths,
                "components",
                    object(
                        "schemas", schemas(),
                        "responses",
                            object(
                                "Error",
                                object(
                                    "description",
                                    "What is wrong, where, and what to do.",
                                    "content",
                                    content("application/json", "ApiErrorBody"))),
                        "securitySchemes",
                            object(
                                "bearer", object("type", "http", "scheme", "bearer"),
                                "key",
                                    object("type", "apiKey", "in", "header", "name", "X-API-Key"),
                                "cookie",
                                    object(
                                        "type",
                                        "apiKey",
                                        "in",
                                        "cookie",
                                        "name",
                                        KeyAccess.COOKIE)))));
    tag = "\"" + build.version() + "-" + Integer.toHexString(Arrays.hashCode(document)) + "\"";
  }

  @Override
  public void register(RoutesConfig routes, Access access) {
    routes.get("/openapi.json", this::serve);
  }

  private void serve(Context http) {
    http.header("ETag", tag).header("Cache-Control", "no-cache");
    if (EntityTags.known(http, tag)) {
      http.status(304);
      return;
    }
    http.contentType("application/json").result(document);
  }

  private static Map<String, @Nullable Object> operation(Endpoint e) {
    Described d = e.describes();
    List<Object> parameters = inPath(e.path());
    for (String name : e.parameters()) {
      parameters.add(parameter(name, d.choices().get(name)));
    }
    Map<String, @Nullable Object> content = content("application/json", d.schema());
    if (e.exports() != null) {
      parameters.add(parameter("format", List.of("json", "csv", "parquet")));
      content.put("text/csv", object("schema", object("type", "string")));
      content.put("application/vnd.apache.parquet", object());
    }
    Map<String, @Nullable Object> responses = new LinkedHashMap<>();
    responses.put("200", success(d.summary(), content));
    responses.putAll(errors("read", ERROR));
    return operation(d.summary(), "read", parameters, null, responses);
  }

  private static Map<String, @Nullable Object> operation(RouteDoc doc) {
    List<Object> parameters = inPath(doc.path());
    doc.parameters().forEach(name -> parameters.add(parameter(name, null)));
    Map<String, @Nullable Object> responses = new LinkedHashMap<>();
    Object error =
        doc.errors().equals("ApiErrorBody")
            ? ERROR
            : object(
                "description",
                "What is wrong.",
                "content",
                content("application/json", doc.errors()));
    if (doc.refusal() != 0) {
      responses.put(Integer.toString(doc.refusal()), error);
    } else if (doc.mediaType().isEmpty()) {
      responses.put("204", success(doc.summary(), null));
    } else {
      responses.put("200", success(doc.summary(), content(doc.mediaType(), doc.schema())));
    }
    errors(doc.role(), error).forEach(responses::putIfAbsent);
    return operation(doc.summary(), doc.role(), parameters, doc.body(), responses);
  }

  private static Map<String, @Nullable Object> success(
      String summary, @Nullable Map<String, @Nullable Object> content) {
    Map<String, @Nullable Object> out = object("description", summary);
    if (content != null) {
      out.put("content", content);
    }
    return out;
  }

  private static Map<String, @Nullable Object> errors(@Nullable String role, Object error) {
    Map<String, @Nullable Object> out = new TreeMap<>();
    List.of("400", "404", "421", "429", "500").forEach(status -> out.put(status, error));
    if (role != null) {
      List.of("401", "403", "503", "504").forEach(status -> out.put(status, error));
    }
    return out;
  }

  private static Map<String, @Nullable Object> operation(
      String summary,
      @Nullable String role,
      List<Object> parameters,
      @Nullable String body,
      Map<String, @Nullable Object> responses) {
    Map<String, @Nullable Object> out = object("summary", summary, "parameters", parameters);
    if (body != null) {
      out.put(
          "requestBody",
          object(
              "required",
              true,
              "content",
              body.equals(RouteDoc.BINARY)
                  ? object(
                      "application/octet-stream",
                      object("schema", object("type", "string", "format", "binary")))
                  : content("application/json", body)));
    }
    out.put("responses", responses);
    if (role == null) {
      out.put("security", List.of());
    } else {
      out.put("description", "For callers with the role " + role + ".");
      out.put("x-role", role);
    }
    return out;
  }

  private static List<Object> inPath(String path) {
    List<Object> out = new ArrayList<>();
    Matcher m = IN_PATH.matcher(path);
    while (m.find()) {
      out.add(
          object(
              "name", m.group(1), "in", "path", "required", true, "schema", type("string", null)));
    }
    return out;
  }

  private static Map<String, @Nullable Object> parameter(
      String name, @Nullable List<String> choices) {
    boolean filter = Arrays.stream(Dimension.values()).anyMatch(d -> d.apiName().equals(name));
    if (filter) {
      List<String> values =
          name.equals("errorClass")
              ? Arrays.stream(ErrorClass.values()).map(ErrorClass::label).toList()
              : null;
      return object(
          "name",
          name,
          "in",
          "query",
          "description",
          "Only this " + name + "; repeat it for several.",
          "schema",
          object("type", "array", "items", type("string", values)));
    }
    return object(
        "name",
        name,
        "in",
        "query",
        "description",
        TEXTS.getOrDefault(name, ""),
        "schema",
        type(name.equals("limit") || name.equals("offset") ? "integer" : "string", choices));
  }

  private static Map<String, @Nullable Object> type(String type, @Nullable List<String> choices) {
    Map<String, @Nullable Object> out = object("type", type);
    if (choices != null) {
      out.put("enum", choices);
    }
    return out;
  }

  private static Map<String, @Nullable Object> content(String mediaType, @Nullable String schema) {
    return object(
        mediaType,
        schema == null
            ? object()
            : object("schema", object("$ref", "#/components/schemas/" + schema)));
  }

  static JsonNode schemas() {
    try (InputStream in = OpenApi.class.getResourceAsStream(SCHEMAS)) {
      return Json.MAPPER.readTree(Objects.requireNonNull(in, SCHEMAS));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

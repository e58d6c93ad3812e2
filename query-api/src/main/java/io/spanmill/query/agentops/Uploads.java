/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.agentops;

import static io.spanmill.query.http.Json.object;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.javalin.http.Context;
import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.ClickHouseFailure;
import io.spanmill.clickhouse.NativeBlock;
import io.spanmill.query.http.Caller;
import io.spanmill.query.http.Json;
import io.spanmill.query.sql.Queries;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Captured output of traces and objects, taken from the SDK and given back. Bounded by upload, by
 * uploads at one time, by project, and by the retention of its table. Thread-safe.
 */
final class Uploads {
  private static final Logger LOG = LoggerFactory.getLogger(Uploads.class);
  private static final int MAX_BYTES = 25 * 1024 * 1024;

  private static final int MAX_NAME = 256;
  private static final String LOG_KIND = "log";
  private static final String OBJECT_KIND = "object";

  private final Queries queries;
  private final ClickHouse clickHouse;
  private final Doorkeeper door;
  private final Traces traces;
  private final Clock clock;
  private final long maxPerProject;
  private final Turnstile in;
  private final Turnstile out;

  Uploads(
      Queries queries,
      ClickHouse clickHouse,
      Doorkeeper door,
      Traces traces,
      Clock clock,
      long maxPerProject,
      Turnstile in,
      Turnstile out) {
    this.queries = queries;
    this.clickHouse = clickHouse;
    this.door = door;
    this.traces = traces;
    this.clock = clock;
    this.maxPerProject = maxPerProject;
    this.in = in;
    this.out = out;
  }

  /** {@code POST /v4/logs/upload/}. */
  Object takeLog(Context http) {
    Caller caller = door.sender(http);
    String trace = http.header("Trace-Id");
    if (trace == null || trace.isEmpty()) {
      throw AgentOpsError.detail(400, "No trace ID provided");
    }
    if (!trace.matches("[A-Za-z0-9_.-]{1," + MAX_NAME + "}")) {
      throw AgentOpsError.detail(400, "Trace ID contains invalid characters");
    }
    return take(http, door.own(caller), LOG_KIND, trace, "/v4/logs/" + trace);
  }

  /** {@code POST /v4/objects/upload/}. */
  Object takeObject(Context http) {
    String project = door.own(door.sender(http));
    String name = UUID.randomUUID().toString().replace("-", "");
    String path = "/v4/objects/" + door.id(project) + "/" + name;
    return take(http, project, OBJECT_KIND, name, path);
  }

  /** {@code GET /v4/logs/{trace}}: the text, in the words the trace was asked for. */
  Object log(Caller caller, String asked) {
    String hex = hex(asked);
    if (hex == null) {
      throw noAccess();
    }
    String project = projectOf(caller, hex);
    return out.through(
        () -> {
          byte[] bytes = queries.uploads().newest(project, LOG_KIND, names(hex));
          if (bytes == null) {
            throw AgentOpsError.detail(404, "No logs found for trace ID: " + asked);
          }
          return object("content", text(bytes), "trace_id", asked, "freeplan_truncated", false);
        });
  }

  /** {@code GET /v4/objects/{project}/{name}}: the bytes as they came. */
  void give(Context http, Caller caller, String nameOrId, String name) {
    String project = door.project(caller, nameOrId);
    byte[] bytes = out.through(() -> queries.uploads().newest(project, OBJECT_KIND, Set.of(name)));
    if (bytes == null) {
      throw AgentOpsError.detail(404, "Object not found");
    }
    Replies.noStore(http);
    // Never a page of this origin, whatever was uploaded.
    http.header("Content-Disposition", "attachment");
    http.contentType("application/octet-stream").result(bytes);
  }

  private String projectOf(Caller caller, String traceId) {
    try {
      return traces.find(caller, traceId, "Trace not found.").project();
    } catch (AgentOpsError e) {
      throw noAccess();
    }
  }

  private static AgentOpsError noAccess() {
    return AgentOpsError.detail(403, "You do not have access to this trace");
  }

  private Map<String, @Nullable Object> take(
      Context http, String project, String kind, String name, String path) {
    return in.through(
        () -> {
          byte[] body = body(http);
          if (queries.uploads().sizeBytes(project) + body.length > maxPerProject) {
            throw AgentOpsError.detail(
                507, "The project's uploads take agentops.uploads.max.bytes = " + maxPerProject);
          }
          store(project, kind, name, body);
          return object("url", base(http) + path, "size", body.length);
        });
  }

  private static byte[] body(Context http) {
    try (InputStream in = http.bodyInputStream()) {
      byte[] body = in.readNBytes(MAX_BYTES + 1);
      if (body.length > MAX_BYTES) {
        // What is still to come is not worth reading.
        http.header("Connection", "close");
        throw AgentOpsError.detail(
            413, "File size exceeds the maximum limit of " + MAX_BYTES + " bytes");
      }
      return body;
    } catch (IOException e) {
      throw AgentOpsError.detail(400, "The body ended early");
    }
  }

  private void store(String project, String kind, String name, byte[] body) {
    byte[] content = kind.equals(LOG_KIND) ? unwrapped(body) : body;
    NativeBlock block = new NativeBlock();
    block.label("project").add(project);
    block.label("kind").add(kind);
    block.string("name").add(name);
    block.millis("uploaded_at").add(clock.millis());
    block.int64("size_bytes").add(body.length);
    block.string("content").add(content, 0, content.length);
    block.endRow();
    try {
      clickHouse.insertNative("uploads", block);
    } catch (ClickHouseFailure e) {
      LOG.warn("an upload of project {} could not be kept: {}", project, e.getMessage());
      throw AgentOpsError.detail(503, "The upload could not be kept, try again");
    }
  }

  /** The SDK wraps what was printed into {@code {"body": "…"}}; the text is what counts. */
  private static byte[] unwrapped(byte[] body) {
    if (body.length == 0 || body[0] != '{') {
      return body;
    }
    try {
      JsonNode read = Json.MAPPER.readTree(body);
      JsonNode text = read.path("body");
      return read.size() == 1 && text.isTextual()
          ? text.asText().getBytes(StandardCharsets.UTF_8)
          : body;
    } catch (JsonProcessingException e) {
      return body;
    } catch (IOException e) {
      throw new IllegalStateException("reading memory", e);
    }
  }

  private static String text(byte[] bytes) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      return new String(bytes, StandardCharsets.ISO_8859_1);
    }
  }

  /**
   * Trace id of 32 hex digits from that form or the decimal number the SDK uses; null if neither.
   */
  private static @Nullable String hex(String asked) {
    if (asked.matches("[0-9a-fA-F]{32}")) {
      return asked.toLowerCase(Locale.ROOT);
    }
    if (asked.matches("\\d{1,39}")) {
      String hex = new BigInteger(asked).toString(16);
      return hex.length() > 32 ? null : "0".repeat(32 - hex.length()) + hex;
    }
    return null;
  }

  /** All names a sender may have given this trace. */
  private static Set<String> names(String hex) {
    Set<String> names = new LinkedHashSet<>();
    names.add(hex);
    names.add(hex.toUpperCase(Locale.ROOT));
    names.add(new BigInteger(hex, 16).toString());
    return names;
  }

  private static String base(Context http) {
    String forwarded = http.header("X-Forwarded-Proto");
    String scheme = "https".equals(forwarded) ? "https" : http.scheme();
    return scheme + "://" + http.header("Host");
  }
}

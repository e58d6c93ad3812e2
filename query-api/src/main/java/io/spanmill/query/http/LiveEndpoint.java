/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.query.live.LiveClient;
import io.spanmill.query.live.LiveFeed;
import io.spanmill.query.sql.Filters;
import io.spanmill.query.sql.LayerScope;
import io.spanmill.query.sql.Queries;
import io.spanmill.query.sql.Row;
import jakarta.servlet.AsyncContext;
import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/** {@code /api/v1/live}: finished calls as server-sent events while they arrive. */
final class LiveEndpoint implements RouteRegistrar, AutoCloseable {
  static final String PATH = "/api/v1/live";
  private static final long SCOPE_NANOS = 1_000_000_000L;

  /** Filters alone: it has no range. */
  static final Set<String> PARAMETERS = parameters();

  private final QuestionReader questions;
  private final Set<String> known = new LinkedHashSet<>(PARAMETERS);
  private final LiveFeed feed;
  private final int queueCalls;

  LiveEndpoint(Queries queries, QuestionReader questions, Settings settings) {
    this.questions = questions;
    known.addAll(queries.attributes());
    this.queueCalls = settings.integer(Keys.LIVE_QUEUE_CALLS);
    this.feed =
        new LiveFeed(
            queries,
            row -> Json.bytes(CallJson.row(row)),
            settings.integer(Keys.LIVE_MAX_CLIENTS),
            settings.longValue(Keys.LIVE_PING_MS));
  }

  @Override
  public void register(RoutesConfig routes, Access access) {
    routes.get(PATH, http -> serve(http, access));
  }

  @Override
  public List<RouteDoc> documentation() {
    return List.of(
        new RouteDoc(
            "get",
            PATH,
            "Finished calls as they arrive, as server-sent events call, dropped and ping; goes on"
                + " from Last-Event-ID.",
            "read",
            PARAMETERS,
            null,
            "text/event-stream",
            "LiveEvent"));
  }

  int readers() {
    return feed.readers();
  }

  @Override
  public void close() {
    feed.close();
  }

  private void serve(Context http, Access access) throws IOException {
    Caller caller = access.require(http, "read");
    Asked asked = new Asked(http, caller, new Params(http.queryParamMap(), known));
    Predicate<Row> wanted = wanted(asked);
    http.contentType("text/event-stream")
        .header("Cache-Control", "no-store")
        // Proxies must not wait for a full buffer.
        .header("X-Accel-Buffering", "no");
    if (http.req().getMethod().equals("HEAD")) {
      return;
    }
    LiveClient client =
        new LiveClient(wanted, http.header("Last-Event-ID"), queueCalls, System.nanoTime());
    if (!feed.add(client)) {
      throw new ApiException(
          503, "busy", "live.max.clients readers are connected, try again later", null);
    }
    AsyncContext async = http.req().startAsync();
    async.setTimeout(0);
    client.start(http.res().getOutputStream());
    http.future(client::done);
  }

  /** Which layers count is asked again each second: it may change while somebody watches. */
  private Predicate<Row> wanted(Asked asked) {
    Filters filters = questions.filters(asked.params());
    Boolean failed = CallsEndpoint.status(asked.params());
    return new Predicate<>() {
      private LayerScope scope = questions.scope(asked, true);
      private long askedNanos = System.nanoTime();

      @Override
      public synchronized boolean test(Row row) {
        if (System.nanoTime() - askedNanos > SCOPE_NANOS) {
          scope = questions.scope(asked, true);
          askedNanos = System.nanoTime();
        }
        return (failed == null || failed == row.bool("failed"))
            && asked.caller().mayRead(row.text("project"))
            && scope.counts(row.text("project"), row.text("layer"))
            && filters.match(row);
      }
    };
  }

  private static Set<String> parameters() {
    Set<String> out = new LinkedHashSet<>(QuestionReader.COMMON);
    out.remove("from");
    out.remove("to");
    out.remove("tz");
    out.add("status");
    return out;
  }
}

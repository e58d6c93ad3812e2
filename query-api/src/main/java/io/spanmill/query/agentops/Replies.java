/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.agentops;

import static io.spanmill.query.http.Json.object;

import io.javalin.http.Context;
import io.javalin.http.Handler;
import io.spanmill.query.http.ApiException;
import io.spanmill.query.http.Json;
import io.spanmill.query.http.RouteRegistrar;
import io.spanmill.query.sql.NotCovered;
import io.spanmill.query.sql.QueryFailure;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How every answer of this surface is written: JSON that no cache keeps, errors in its shapes. */
final class Replies {
  private static final Logger LOG = LoggerFactory.getLogger(Replies.class);

  private Replies() {}

  /** Makes the answer to a request, to be written as JSON. */
  @FunctionalInterface
  interface Answer {
    Object of(Context http) throws Exception;
  }

  /** A route that answers 200, or an error in AgentOps' words. */
  static Handler json(Answer answer) {
    return raw(http -> write(http, 200, answer.of(http)));
  }

  /** A route that writes its answer itself; its errors are AgentOps'. */
  static Handler raw(Handler route) {
    return http -> {
      try {
        route.handle(http);
      } catch (AgentOpsError e) {
        write(http, e.status(), e.body());
      } catch (ApiException e) {
        write(http, e.status(), object("detail", e.getMessage()));
      } catch (NotCovered e) {
        write(http, 400, object("detail", e.getMessage()));
      } catch (QueryFailure e) {
        failed(http, e);
      } catch (Exception e) {
        LOG.error("{} {} failed", http.method(), http.path(), e);
        write(http, 500, object("error", "Internal Server Error"));
      }
    };
  }

  /** The same for routes that a browser of the dashboard reads: it may send any header. */
  static Handler read(Answer answer) {
    Handler json = json(answer);
    return http -> {
      if (http.res().getHeader("Access-Control-Allow-Origin") != null) {
        http.header("Access-Control-Allow-Methods", "GET, OPTIONS");
        http.header("Access-Control-Allow-Headers", "*");
      }
      json.handle(http);
    };
  }

  static void noStore(Context http) {
    http.header("Cache-Control", "no-store, no-cache, must-revalidate, max-age=0");
    http.header("Pragma", "no-cache");
    http.header("Expires", "0");
  }

  private static void write(Context http, int status, Object body) {
    if (status >= 400) {
      http.attribute(RouteRegistrar.ERROR_WRITTEN, true);
    }
    if (status == 503) {
      http.header("Retry-After", "1");
    }
    noStore(http);
    http.status(status).contentType("application/json").result(Json.bytes(body));
  }

  private static void failed(Context http, QueryFailure e) {
    switch (e.kind()) {
      case TIMEOUT -> detail(http, 504, "The query ran into query.timeout.ms: narrow the range");
      case MEMORY, TOO_MANY_ROWS, RESULT_TOO_LARGE ->
          detail(http, 400, "The query is too large: narrow start_time and end_time");
      case UNAVAILABLE -> {
        LOG.warn("ClickHouse does not answer: {}", e.getMessage());
        detail(http, 503, "The database does not answer, try again");
      }
      default -> {
        LOG.error("{} {} failed", http.method(), http.path(), e);
        write(http, 500, object("error", "Internal Server Error"));
      }
    }
  }

  private static void detail(Context http, int status, String text) {
    write(http, status, object("detail", text));
  }
}

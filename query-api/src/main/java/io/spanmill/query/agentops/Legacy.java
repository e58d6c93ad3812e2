/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.agentops;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Handler;
import java.util.List;

/**
 * AgentOps' event API of before OpenTelemetry. No current SDK or dashboard speaks it, and its
 * events are no spans; old senders are told so.
 */
final class Legacy {
  static final String ANY = "/v2/*";

  static final List<String> POSTS =
      List.of(
          "/v1/sessions", "/v1/agents", "/v1/threads", "/v1/events", "/v1/developer_errors", ANY);

  private Legacy() {}

  static void register(RoutesConfig routes) {
    Handler gone =
        Replies.json(
            http -> {
              throw AgentOpsError.legacy(
                  410,
                  http.path(),
                  "The v1 and v2 event API is not served: use agentops 0.4 or newer, which sends"
                      + " OpenTelemetry spans");
            });
    POSTS.forEach(path -> routes.post(path, gone));
    routes.put(ANY, gone);
    routes.get(ANY, gone);
  }
}

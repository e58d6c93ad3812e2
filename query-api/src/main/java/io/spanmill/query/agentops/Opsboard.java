/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.agentops;

import static io.spanmill.query.http.Json.object;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.spanmill.query.http.Caller;
import io.spanmill.query.sql.Queries;
import io.spanmill.query.sql.Row;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * {@code /opsboard}: projects and who asks. Projects and keys come from the settings, so nothing
 * can be changed here, and keys are never given out: without configured keys the project's own UUID
 * is one as good as any.
 */
final class Opsboard {
  static final String ENVIRONMENT = "production";

  private static final String ORG_NAME = "Spanmill";
  private static final String ORG_ID = uuid("organisation");
  private static final String PLAN = "pro";

  private final Queries queries;
  private final Doorkeeper door;
  private final boolean keyless;

  Opsboard(Queries queries, Doorkeeper door, boolean keyless) {
    this.queries = queries;
    this.door = door;
    this.keyless = keyless;
  }

  void register(RoutesConfig routes) {
    routes.get("/opsboard/projects", Replies.read(this::projects));
    routes.get("/opsboard/projects/{project}", Replies.read(this::project));
    routes.get("/opsboard/users/me", Replies.read(this::user));
    routes.post("/opsboard/*", Replies.json(this::unchangeable));
  }

  private Object projects(Context http) {
    Caller caller = door.reader(http);
    Set<String> readable = new TreeSet<>(door.readable(caller));
    Map<String, Row> counts = new HashMap<>();
    queries.agentOps().counts(readable).forEach(r -> counts.put(r.text("project"), r));
    List<Object> out = new ArrayList<>();
    for (String name : readable) {
      Row count = counts.get(name);
      out.add(
          object(
              "id",
              door.id(name),
              "name",
              name,
              "api_key",
              key(name),
              "org",
              object(
                  "id", ORG_ID,
                  "name", ORG_NAME,
                  "prem_status", PLAN,
                  "current_user_role", role(caller)),
              "span_count",
              count == null ? 0L : count.integer("spans"),
              "trace_count",
              count == null ? 0L : count.integer("traces")));
    }
    return out;
  }

  private Object project(Context http) {
    Caller caller = door.reader(http);
    String name = door.project(caller, http.pathParam("project"));
    return object(
        "id",
        door.id(name),
        "org_id",
        ORG_ID,
        "name",
        name,
        "environment",
        ENVIRONMENT,
        "api_key",
        key(name),
        "org",
        organisation(caller));
  }

  private Object user(Context http) {
    Caller caller = door.reader(http);
    return object(
        "id", uuid("user:" + caller.mode() + ":" + caller.id()),
        "full_name", caller.mode().equals("keys") ? "key " + caller.id() : caller.mode(),
        "avatar_url", null,
        "billing_address", null,
        "payment_method", null,
        "email", null,
        "survey_is_complete", true);
  }

  private Object unchangeable(Context http) {
    door.reader(http);
    throw AgentOpsError.detail(
        403, "Projects and keys come from the settings projects, auth.keys and auth.keys.file");
  }

  private Map<String, @Nullable Object> organisation(Caller caller) {
    return object(
        "id", ORG_ID,
        "name", ORG_NAME,
        "prem_status", PLAN,
        "subscription_id", null,
        "subscription_end_date", null,
        "subscription_start_date", null,
        "subscription_cancel_at_period_end", null,
        "current_user_role", role(caller),
        "current_member_count", null,
        "max_member_count", null,
        "current_project_count", door.readable(caller).size(),
        "max_project_count", null,
        "paid_member_count", null);
  }

  private String key(String project) {
    return keyless ? door.id(project) : "";
  }

  private static String role(Caller caller) {
    return caller.has("admin") ? "admin" : "developer";
  }

  private static String uuid(String of) {
    return UUID.nameUUIDFromBytes(("spanmill-" + of).getBytes(StandardCharsets.UTF_8)).toString();
  }
}

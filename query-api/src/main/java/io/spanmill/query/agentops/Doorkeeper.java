/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.agentops;

import io.javalin.http.Context;
import io.spanmill.auth.Projects;
import io.spanmill.auth.TokenException;
import io.spanmill.auth.Tokens;
import io.spanmill.query.http.Access;
import io.spanmill.query.http.ApiException;
import io.spanmill.query.http.Caller;
import io.spanmill.query.sql.Queries;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Who asks and for which project, refused in AgentOps' words. Cookie and Bearer are both taken
 * everywhere; without keys everybody is let in, as on every other route. Thread-safe.
 */
final class Doorkeeper {
  private static final String BEARER = "bearer";

  private final Access access;
  private final Tokens tokens;
  private final Projects projects;
  private final Queries queries;

  Doorkeeper(Access access, Tokens tokens, Projects projects, Queries queries) {
    this.access = access;
    this.tokens = tokens;
    this.projects = projects;
    this.queries = queries;
  }

  /** Who reads what the dashboard reads. */
  Caller reader(Context http) {
    try {
      return access.require(http, "read");
    } catch (ApiException e) {
      if (e.status() != 401) {
        throw e;
      }
      throw AgentOpsError.detail(
          401, shown(http) ? "User's session has expired." : "User is not authenticated.");
    }
  }

  /** Who sends: as at the SDK's routes. */
  Caller sender(Context http) {
    try {
      return access.require(http, "ingest");
    } catch (ApiException e) {
      throw e.status() == 401 ? AgentOpsError.detail(401, whyNoToken(http)) : e;
    }
  }

  /** Who reads the public API: there every want of a token is a 400. */
  Caller publicReader(Context http) {
    try {
      return access.require(http, "read");
    } catch (ApiException e) {
      if (e.status() != 401) {
        throw e;
      }
      String header = http.header("Authorization");
      throw AgentOpsError.detail(
          400,
          header == null || !header.startsWith("Bearer ")
              ? "Missing or invalid Authorization header"
              : "Invalid Bearer token");
    }
  }

  /** The token that is shown; not a key. */
  Tokens.Verified token(Context http) {
    String[] parts = authorization(http);
    if (parts.length != 2) {
      throw AgentOpsError.detail(401, whyNoToken(http));
    }
    try {
      if (parts[0].toLowerCase(Locale.ROOT).equals(BEARER)) {
        return tokens.verify(parts[1]);
      }
    } catch (TokenException e) {
      throw AgentOpsError.detail(401, String.valueOf(e.getMessage()));
    }
    throw AgentOpsError.detail(401, whyNoToken(http));
  }

  /** The name of a project given by name or UUID that the caller may read. */
  String project(Caller caller, String nameOrId) {
    String name = projects.name(nameOrId, queries.knownProjects());
    if (name == null && caller.project().equals(nameOrId)) {
      // A key's project is known before it has any calls.
      name = nameOrId;
    }
    if (name == null || !caller.mayRead(name)) {
      throw AgentOpsError.detail(404, "Project not found");
    }
    return name;
  }

  /** The one project of a caller; of those that see all, the first one configured. */
  String own(Caller caller) {
    return caller.project().equals(Caller.ALL_PROJECTS)
        ? projects.names().stream().findFirst().orElse(Projects.DEFAULT)
        : caller.project();
  }

  /** All that a caller may read. */
  Set<String> readable(Caller caller) {
    return caller.project().equals(Caller.ALL_PROJECTS)
        ? queries.knownProjects()
        : Set.of(caller.project());
  }

  String id(String project) {
    return projects.id(project);
  }

  private String whyNoToken(Context http) {
    String[] parts = authorization(http);
    if (parts.length == 0) {
      return "Authorization header missing";
    }
    if (parts.length != 2) {
      return "Invalid token format";
    }
    if (!parts[0].toLowerCase(Locale.ROOT).equals(BEARER)) {
      return "Invalid authentication scheme";
    }
    try {
      tokens.verify(parts[1]);
      return "Invalid token";
    } catch (TokenException e) {
      return String.valueOf(e.getMessage());
    }
  }

  private static String[] authorization(Context http) {
    String header = http.header("Authorization");
    return header == null || header.isBlank() ? new String[0] : header.trim().split("\\s+");
  }

  private static boolean shown(Context http) {
    return http.header("Authorization") != null || cookie(http) != null;
  }

  private static @Nullable String cookie(Context http) {
    return http.cookie("session_id");
  }
}

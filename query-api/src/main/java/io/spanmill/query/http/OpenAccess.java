/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import io.javalin.http.Context;
import java.util.Set;

/** Access without keys: everybody on this machine, or everybody at all in anonymous mode. */
final class OpenAccess implements Access {
  private final boolean anonymous;

  OpenAccess(boolean anonymous) {
    this.anonymous = anonymous;
  }

  @Override
  public Caller caller(Context http) {
    return anonymous
        ? new Caller("default", Set.of("ingest", "read", "metrics"), "anonymous", http.ip())
        : new Caller(
            Caller.ALL_PROJECTS,
            Set.of("ingest", "read", "metrics", "admin"),
            "loopback",
            http.ip());
  }
}

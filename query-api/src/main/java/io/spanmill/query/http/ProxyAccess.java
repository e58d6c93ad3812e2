/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import io.spanmill.config.Keys;
import io.spanmill.config.Settings;

/** Who may open the proxied tools, which show what they will of any project. Immutable. */
public final class ProxyAccess {
  private final String who;

  public ProxyAccess(Settings settings) {
    this.who = settings.string(Keys.PROXY_ACCESS);
  }

  /** The role it takes. */
  public String role() {
    return who.equals("admin") ? "admin" : "read";
  }

  /** Whether this caller may open them. */
  public boolean admits(Caller caller) {
    return caller.has(role())
        && (!who.equals("all-projects") || caller.project().equals(Caller.ALL_PROJECTS));
  }
}

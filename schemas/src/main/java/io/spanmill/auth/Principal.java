/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.auth;

import java.util.Set;

/**
 * Who asks.
 *
 * @param project the project it belongs to, or {@link #ALL_PROJECTS}
 * @param keyId names the key in logs without telling it; {@link #ANONYMOUS} without one
 */
public record Principal(String project, Set<Role> roles, String keyId) {
  public static final String ALL_PROJECTS = "*";

  /** The key id of callers without a key. */
  public static final String ANONYMOUS = "anonymous";

  public Principal {
    roles = Set.copyOf(roles);
  }

  public boolean has(Role role) {
    return roles.contains(role);
  }

  public boolean mayRead(String name) {
    return project.equals(ALL_PROJECTS) || project.equals(name);
  }
}

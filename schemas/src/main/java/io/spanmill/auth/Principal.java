/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.auth;

import java.util.Set;

/**
 * Who asks.
 *
 * @param project the project it belongs to, or {@link #ALL_PROJECTS}
 * @param keyId names the key in logs without telling it; {@code anonymous} without one
 */
public record Principal(String project, Set<Role> roles, String keyId) {
  public static final String ALL_PROJECTS = "*";

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

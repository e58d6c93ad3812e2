/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import java.util.Set;

/**
 * Who asks: what a request may see.
 *
 * @param project name of the one project, or {@code *} for all
 * @param roles lower-case role names
 * @param mode {@code keys}, {@code loopback} or {@code anonymous}
 * @param id stands for the key or the address in limits and the audit log; no secret
 */
public record Caller(String project, Set<String> roles, String mode, String id) {
  public static final String ALL_PROJECTS = "*";

  public Caller {
    roles = Set.copyOf(roles);
  }

  public boolean has(String role) {
    return roles.contains(role);
  }

  public boolean mayRead(String name) {
    return project.equals(ALL_PROJECTS) || project.equals(name);
  }
}

/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.model;

/**
 * A configured dimension: the value of an attribute of the span or, where the span has none, of its
 * resource.
 *
 * @param name name in the API and in column {@code extra}: a letter, then letters, digits and _
 * @param key the attribute's key
 */
public record Attribute(String name, String key) {
  public Attribute {
    if (!name.matches("[A-Za-z][A-Za-z0-9_]{0,40}")) {
      throw new IllegalArgumentException(
          "attribute name " + name + " must be a letter, then letters, digits and _");
    }
    if (key.isEmpty()) {
      throw new IllegalArgumentException("attribute " + name + " has no key");
    }
  }
}

/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

/** Takes attributes one by one, in wire order. */
@FunctionalInterface
public interface AttributeVisitor {
  /**
   * @param key the key
   * @param value valid during the call only
   */
  void attribute(String key, AnyValue value);
}

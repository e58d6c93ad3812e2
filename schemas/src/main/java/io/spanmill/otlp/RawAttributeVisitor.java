/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

/** Takes attributes one by one, in wire order, keys as the bytes they are. */
@FunctionalInterface
public interface RawAttributeVisitor {
  /**
   * @param buffer the request's bytes
   * @param keyAt where the key's UTF-8 begins in them
   * @param value valid during the call only
   */
  void attribute(byte[] buffer, int keyAt, int keyLength, AnyValue value);
}

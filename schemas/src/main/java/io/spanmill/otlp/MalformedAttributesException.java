/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

/**
 * Attributes that turn out malformed when they are looked at; a request that was validated has
 * none.
 */
public final class MalformedAttributesException extends RuntimeException {
  MalformedAttributesException(MalformedOtlpException cause) {
    super(cause.getMessage(), cause);
  }
}

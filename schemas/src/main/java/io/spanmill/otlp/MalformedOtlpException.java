/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

/** Bytes or text that are no OTLP request. The message says what is wrong and where. */
public final class MalformedOtlpException extends Exception {
  public MalformedOtlpException(String message) {
    super(message);
  }

  static MalformedOtlpException at(int offset, String what) {
    return new MalformedOtlpException("malformed OTLP at byte " + offset + ": " + what);
  }
}

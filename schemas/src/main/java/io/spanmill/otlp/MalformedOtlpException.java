/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

/**
 * Bytes or text that are no OTLP request. The message says what is wrong and where. Has no stack
 * trace: hostile input must not make errors expensive.
 */
public final class MalformedOtlpException extends Exception {
  private final int offset;

  public MalformedOtlpException(String message) {
    this(message, -1);
  }

  private MalformedOtlpException(String message, int offset) {
    super(message, null, false, false);
    this.offset = offset;
  }

  static MalformedOtlpException at(int offset, String what) {
    return new MalformedOtlpException("malformed OTLP at byte " + offset + ": " + what, offset);
  }

  /** Byte position of the problem, from 0; -1 if only the message tells. */
  public int offset() {
    return offset;
  }
}

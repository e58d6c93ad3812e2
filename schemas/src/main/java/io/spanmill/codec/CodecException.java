/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.codec;

/**
 * Bytes that are no record of the expected format. The message says what was expected and where.
 */
public final class CodecException extends RuntimeException {
  public CodecException(String message) {
    super(message);
  }
}

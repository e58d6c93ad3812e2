/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import org.jspecify.annotations.Nullable;

/** A request that cannot be answered, as its error answer. */
public final class ApiException extends RuntimeException {
  private final int status;
  private final String code;
  private final @Nullable String field;

  public ApiException(int status, String code, String message, @Nullable String field) {
    super(message);
    this.status = status;
    this.code = code;
    this.field = field;
  }

  /** A parameter with a bad value. */
  public static ApiException badParameter(String field, String message) {
    return new ApiException(400, "bad_parameter", field + ": " + message, field);
  }

  public static ApiException notFound(String message) {
    return new ApiException(404, "not_found", message, null);
  }

  public static ApiException forbidden(String message, @Nullable String field) {
    return new ApiException(403, "forbidden", message, field);
  }

  public int status() {
    return status;
  }

  public String code() {
    return code;
  }

  public @Nullable String field() {
    return field;
  }
}

/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import io.javalin.http.Context;

/** Headers that keep browsers from doing with an answer what it is not meant for. */
final class SecurityHeaders {
  /** The chart library sets styles on elements; all else comes from this server alone. */
  private static final String CONTENT_SECURITY_POLICY =
      "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"
          + " blob:; font-src 'self' data:; connect-src 'self'; frame-src 'self'; worker-src 'self'"
          + " blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'";

  private SecurityHeaders() {}

  static void add(Context http) {
    http.header("Content-Security-Policy", CONTENT_SECURITY_POLICY);
    http.header("X-Content-Type-Options", "nosniff");
    http.header("X-Frame-Options", "SAMEORIGIN");
    http.header("Referrer-Policy", "same-origin");
    http.header("Cross-Origin-Opener-Policy", "same-origin");
    http.header("Permissions-Policy", "camera=(), geolocation=(), microphone=()");
  }
}

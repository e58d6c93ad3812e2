/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import io.javalin.http.ContentTooLargeResponse;
import io.javalin.http.Context;
import org.eclipse.jetty.io.QuietException;

/** Bodies of requests that are small texts. */
public final class RequestBody {
  static final long MAX_BYTES = 1024L * 1024;

  private RequestBody() {}

  /**
   * The body as text; empty if there is none.
   *
   * @throws ApiException 413 if it is longer than 1 MiB, as it says itself or as it turns out; 400
   *     if it ends before the length it was given
   */
  public static String text(Context http) {
    // Told at once: a body that never comes would be waited for.
    if (http.req().getContentLengthLong() > MAX_BYTES) {
      throw tooLarge();
    }
    try {
      return http.body();
    } catch (ContentTooLargeResponse e) {
      throw tooLarge();
    } catch (RuntimeException e) {
      if (isEarlyEnd(e)) {
        throw new ApiException(400, "bad_body", "the body is shorter than Content-Length", null);
      }
      throw e;
    }
  }

  private static ApiException tooLarge() {
    return new ApiException(413, "body_too_large", "the body is longer than 1 MiB", null);
  }

  private static boolean isEarlyEnd(Throwable t) {
    for (Throwable at = t; at != null; at = at.getCause()) {
      if (at instanceof QuietException) {
        return true;
      }
    }
    return false;
  }
}

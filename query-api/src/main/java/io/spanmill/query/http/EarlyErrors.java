/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import static io.spanmill.query.http.Json.object;

import java.nio.ByteBuffer;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/** Errors of requests that never reach a route, such as a URL that is too long, in our words. */
final class EarlyErrors extends ErrorHandler {
  private static final HttpField JSON = new HttpField(HttpHeader.CONTENT_TYPE, "application/json");
  private static final HttpField NOT_KEPT = new HttpField(HttpHeader.CACHE_CONTROL, "no-store");

  @Override
  protected void generateResponse(
      Request request,
      Response response,
      int status,
      String message,
      @Nullable Throwable cause,
      Callback callback) {
    String told =
        switch (status) {
          case HttpStatus.URI_TOO_LONG_414 ->
              "the URL is longer than 8 KiB: ask for fewer values at one time";
          case HttpStatus.REQUEST_HEADER_FIELDS_TOO_LARGE_431 ->
              "the headers are longer than 8 KiB";
          case HttpStatus.BAD_REQUEST_400 -> "this is no request that HTTP allows: " + message;
          default -> HttpStatus.getMessage(status);
        };
    response.getHeaders().put(JSON).put(NOT_KEPT);
    response.write(
        true,
        ByteBuffer.wrap(
            Json.bytes(
                object("error", object("code", "http_" + status, "message", told, "field", null)))),
        callback);
  }
}

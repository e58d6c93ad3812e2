/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest.http;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import io.spanmill.ingest.receive.Outcome;

/** Outcomes as HTTP answers. */
public final class HttpAnswers {
  static final MediaType PROTOBUF = MediaType.create("application", "x-protobuf");
  static final MediaType JSON = MediaType.create("application", "json");

  private HttpAnswers() {}

  /** An answer in protobuf or JSON. */
  public static HttpResponse of(Outcome outcome, boolean protobuf) {
    byte[] body;
    if (protobuf) {
      body = outcome.success() ? StatusBody.response(outcome) : StatusBody.status(outcome);
    } else {
      body = StatusBody.json(outcome);
    }
    Outcome.Kind kind = outcome.kind();
    ResponseHeadersBuilder headers =
        ResponseHeaders.builder(kind.httpStatus())
            .contentType(protobuf ? PROTOBUF : JSON)
            .contentLength(body.length);
    if (kind.retryAfterSeconds() > 0) {
      headers.addInt(HttpHeaderNames.RETRY_AFTER, kind.retryAfterSeconds());
    }
    if (kind == Outcome.Kind.METHOD_NOT_ALLOWED) {
      headers.add(HttpHeaderNames.ALLOW, "POST");
    }
    if (kind == Outcome.Kind.UNAUTHENTICATED) {
      headers.add(HttpHeaderNames.WWW_AUTHENTICATE, "Bearer");
    }
    return HttpResponse.of(headers.build(), HttpData.wrap(body));
  }
}

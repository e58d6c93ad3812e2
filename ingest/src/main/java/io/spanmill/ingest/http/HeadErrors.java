/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest.http;

import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.server.ServerErrorHandler;
import com.linecorp.armeria.server.ServiceConfig;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.spanmill.ingest.receive.IngestMetrics;
import io.spanmill.ingest.receive.Outcome;
import org.jspecify.annotations.Nullable;

/** Answers to heads that no request can be made of, too large or no HTTP: counted, as a Status. */
public final class HeadErrors implements ServerErrorHandler {
  private static final ServerErrorHandler OTHERWISE = ServerErrorHandler.ofDefault();

  private final IngestMetrics metrics;

  public HeadErrors(IngestMetrics metrics) {
    this.metrics = metrics;
  }

  @Override
  public HttpResponse onServiceException(ServiceRequestContext ctx, Throwable cause) {
    return OTHERWISE.onServiceException(ctx, cause);
  }

  @Override
  public AggregatedHttpResponse onProtocolViolation(
      ServiceConfig config,
      @Nullable RequestHeaders headers,
      HttpStatus status,
      @Nullable String description,
      @Nullable Throwable cause) {
    metrics.headRefused();
    // Of its content type nothing may be known; JSON is what people can read.
    boolean large = status.equals(HttpStatus.REQUEST_HEADER_FIELDS_TOO_LARGE);
    byte[] body =
        StatusBody.json(
            Outcome.of(
                large ? Outcome.Kind.TOO_LARGE : Outcome.Kind.MALFORMED,
                description == null ? "the head of the request cannot be read" : description));
    return AggregatedHttpResponse.of(
        ResponseHeaders.builder(status)
            .contentType(HttpAnswers.JSON)
            .contentLength(body.length)
            .build(),
        HttpData.wrap(body));
  }
}

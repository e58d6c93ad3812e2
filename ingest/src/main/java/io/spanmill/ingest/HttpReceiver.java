/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest;

import com.linecorp.armeria.common.AggregatedHttpRequest;
import com.linecorp.armeria.common.ContentTooLargeException;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.spanmill.ingest.Outcome.Kind;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** OTLP/HTTP: protobuf and JSON by Content-Type, plain or gzip. */
final class HttpReceiver implements HttpService {
  private static final Logger LOG = LoggerFactory.getLogger(HttpReceiver.class);
  private static final MediaType PROTOBUF = MediaType.create("application", "x-protobuf");

  private final Receiver receiver;
  private final Gate gate;
  private final IngestMetrics metrics;

  HttpReceiver(Receiver receiver, Gate gate, IngestMetrics metrics) {
    this.receiver = receiver;
    this.gate = gate;
    this.metrics = metrics;
  }

  @Override
  public HttpResponse serve(ServiceRequestContext ctx, HttpRequest req) {
    long begun = System.nanoTime();
    boolean json = isJson(req.contentType());
    if (req.method() != HttpMethod.POST) {
      return answer(
          Outcome.of(Kind.MALFORMED, req.method() + " is not allowed here: POST traces"),
          json,
          HttpStatus.METHOD_NOT_ALLOWED,
          begun);
    }
    Gate.Decision gated = gate.decide(req.headers());
    if (gated.refusal() != null) {
      return answer(gated.refusal(), json, null, begun);
    }
    if (!json && !isProtobuf(req.contentType())) {
      return answer(
          Outcome.of(
              Kind.UNSUPPORTED_TYPE,
              "Content-Type must be application/x-protobuf or application/json, but is "
                  + req.contentType()),
          json,
          null,
          begun);
    }
    String encoding =
        req.headers()
            .get(HttpHeaderNames.CONTENT_ENCODING, "identity")
            .toLowerCase(Locale.ROOT)
            .trim();
    if (!encoding.equals("identity") && !encoding.equals("gzip") && !encoding.isEmpty()) {
      return answer(
          Outcome.of(
              Kind.BAD_ENCODING,
              "Content-Encoding " + encoding + " is not understood: send gzip or none"),
          json,
          null,
          begun);
    }
    return HttpResponse.of(
        req.aggregate()
            .thenCompose(body -> receive(ctx, gated.project(), body, encoding.equals("gzip"), json))
            .handle(
                (outcome, error) ->
                    answer(error == null ? outcome : failed(error), json, null, begun)));
  }

  private CompletableFuture<Outcome> receive(
      ServiceRequestContext ctx,
      String project,
      AggregatedHttpRequest body,
      boolean gzip,
      boolean json) {
    byte[] bytes = body.content().array();
    return CompletableFuture.completedFuture(project)
        .thenComposeAsync(p -> receiver.receive(p, bytes, gzip, json), ctx.blockingTaskExecutor());
  }

  /** Maps what went wrong below to an outcome; nothing is left for a framework to make up. */
  static Outcome failed(Throwable error) {
    for (Throwable t = error; t != null; t = t.getCause()) {
      if (t instanceof ContentTooLargeException) {
        return Outcome.of(Kind.TOO_LARGE, "body larger than ingest.max.compressed.bytes");
      }
    }
    LOG.error("a request failed", error);
    return Outcome.of(Kind.UNAVAILABLE, "an error of the server: send again");
  }

  private HttpResponse answer(
      Outcome outcome, boolean json, @Nullable HttpStatus status, long begun) {
    metrics.request("http", outcome.kind());
    metrics.duration(System.nanoTime() - begun);
    ResponseHeadersBuilder headers =
        ResponseHeaders.builder(
                status != null ? status : HttpStatus.valueOf(outcome.kind().httpStatus()))
            .contentType(json ? MediaType.JSON : PROTOBUF);
    if (HttpStatus.METHOD_NOT_ALLOWED.equals(status)) {
      headers.set(HttpHeaderNames.ALLOW, "POST");
    }
    if (outcome.kind().retryable()) {
      headers.set(HttpHeaderNames.RETRY_AFTER, Integer.toString(Answers.RETRY_SECONDS));
    }
    if (outcome.kind() == Kind.UNAUTHENTICATED) {
      headers.set(HttpHeaderNames.WWW_AUTHENTICATE, "Bearer");
    }
    return HttpResponse.of(
        headers.build(), HttpData.wrap(json ? Answers.json(outcome) : Answers.protobuf(outcome)));
  }

  private static boolean isJson(@Nullable MediaType type) {
    return type != null && type.type().equals("application") && type.subtype().equals("json");
  }

  private static boolean isProtobuf(@Nullable MediaType type) {
    return type != null && type.type().equals("application") && type.subtype().equals("x-protobuf");
  }
}

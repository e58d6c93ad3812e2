/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.spanmill.ingest.Outcome.Kind;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.concurrent.CompletableFuture;

/**
 * OTLP/gRPC, one unary method, on the raw bytes: the message is never parsed into generated
 * classes, and its limits hold before and after decompression. Framing as in gRPC over HTTP/2.
 */
final class GrpcReceiver implements HttpService {
  /** Path of the method. */
  static final String PATH = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

  private static final MediaType GRPC = MediaType.create("application", "grpc");
  private static final int FRAME_HEAD = 5;
  private static final int UNIMPLEMENTED = 12;

  private final Receiver receiver;
  private final Gate gate;
  private final IngestMetrics metrics;

  GrpcReceiver(Receiver receiver, Gate gate, IngestMetrics metrics) {
    this.receiver = receiver;
    this.gate = gate;
    this.metrics = metrics;
  }

  @Override
  public HttpResponse serve(ServiceRequestContext ctx, HttpRequest req) {
    long begun = System.nanoTime();
    MediaType type = req.contentType();
    if (req.method() != HttpMethod.POST
        || type == null
        || !type.subtype().startsWith("grpc")
        || type.subtype().startsWith("grpc-web")) {
      return HttpResponse.of(
          HttpStatus.UNSUPPORTED_MEDIA_TYPE,
          MediaType.PLAIN_TEXT_UTF_8,
          "gRPC only: Content-Type application/grpc");
    }
    Gate.Decision gated = gate.decide(req.headers());
    if (gated.refusal() != null) {
      return answer(gated.refusal(), begun);
    }
    String encoding = req.headers().get("grpc-encoding", "identity");
    return HttpResponse.of(
        req.aggregate()
            .thenCompose(body -> receive(ctx, gated.project(), body.content().array(), encoding))
            .handle(
                (outcome, error) ->
                    answer(error == null ? outcome : HttpReceiver.failed(error), begun)));
  }

  private CompletableFuture<Outcome> receive(
      ServiceRequestContext ctx, String project, byte[] body, String encoding) {
    if (body.length < FRAME_HEAD) {
      return CompletableFuture.completedFuture(
          Outcome.of(Kind.MALFORMED, "no whole gRPC message in the request"));
    }
    boolean compressed = body[0] == 1;
    int length = ByteBuffer.wrap(body, 1, 4).getInt();
    if (body[0] < 0 || body[0] > 1 || length != body.length - FRAME_HEAD) {
      return CompletableFuture.completedFuture(
          Outcome.of(
              Kind.MALFORMED,
              "gRPC message of "
                  + Integer.toUnsignedString(length)
                  + " bytes announced, "
                  + (body.length - FRAME_HEAD)
                  + " sent"));
    }
    if (compressed && !encoding.equals("gzip")) {
      return CompletableFuture.completedFuture(
          Outcome.of(
              Kind.BAD_ENCODING,
              "grpc-encoding " + encoding + " is not understood: send gzip or identity"));
    }
    byte[] message = Arrays.copyOfRange(body, FRAME_HEAD, body.length);
    return CompletableFuture.completedFuture(project)
        .thenComposeAsync(
            p -> receiver.receive(p, message, compressed, false), ctx.blockingTaskExecutor());
  }

  private HttpResponse answer(Outcome outcome, long begun) {
    metrics.request("grpc", outcome.kind());
    metrics.duration(System.nanoTime() - begun);
    if (outcome.kind() == Kind.ACCEPTED) {
      byte[] message = Answers.protobuf(outcome);
      byte[] frame =
          ByteBuffer.allocate(FRAME_HEAD + message.length)
              .put((byte) 0)
              .putInt(message.length)
              .put(message)
              .array();
      ResponseHeaders headers =
          ResponseHeaders.builder(HttpStatus.OK)
              .contentType(GRPC)
              .set("grpc-accept-encoding", "gzip")
              .build();
      return HttpResponse.of(headers, HttpData.wrap(frame), HttpHeaders.of("grpc-status", "0"));
    }
    String details =
        Base64.getEncoder().withoutPadding().encodeToString(Answers.status(outcome).toByteArray());
    return trailersOnly(outcome.kind().grpcCode(), outcome.message(), details);
  }

  /** The answer to any other gRPC path. */
  static HttpResponse unimplemented(String path) {
    return trailersOnly(UNIMPLEMENTED, "Spanmill takes traces only; there is no " + path, "");
  }

  private static HttpResponse trailersOnly(int code, String message, String details) {
    var headers =
        ResponseHeaders.builder(HttpStatus.OK)
            .contentType(GRPC)
            .set("grpc-accept-encoding", "gzip")
            .set("grpc-status", Integer.toString(code))
            .set("grpc-message", percentEncoded(message));
    if (!details.isEmpty()) {
      headers.set("grpc-status-details-bin", details);
    }
    return HttpResponse.of(headers.build());
  }

  /** Status messages carry printable ASCII only, all else percent-encoded. */
  private static String percentEncoded(String message) {
    StringBuilder out = new StringBuilder();
    String text = message.length() > 1000 ? message.substring(0, 1000) : message;
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      if (b >= 0x20 && b <= 0x7e && b != '%') {
        out.append((char) b);
      } else {
        out.append('%').append(String.format("%02X", b & 0xff));
      }
    }
    return out.toString();
  }
}

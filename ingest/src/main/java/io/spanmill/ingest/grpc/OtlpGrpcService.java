/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest.grpc;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.spanmill.auth.Principal;
import io.spanmill.auth.Role;
import io.spanmill.ingest.auth.Callers;
import io.spanmill.ingest.http.StatusBody;
import io.spanmill.ingest.receive.Outcome;
import io.spanmill.ingest.receive.Protocol;
import io.spanmill.ingest.receive.Receiver;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/**
 * OTLP/gRPC without generated classes: a unary call is one framed message, so its bytes go to the
 * splitter as they came.
 */
public final class OtlpGrpcService implements HttpService {
  /** The path of the one method that is served. */
  public static final String EXPORT_PATH =
      "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

  private static final String CONTENT_TYPE = "application/grpc";
  private static final int PREFIX_BYTES = 5;

  private final Receiver receiver;
  private final Callers callers;

  public OtlpGrpcService(Receiver receiver, Callers callers) {
    this.receiver = receiver;
    this.callers = callers;
  }

  /** Whether a request speaks gRPC, by its Content-Type. */
  public static boolean isGrpc(HttpRequest request) {
    return request.headers().get("content-type", "").startsWith(CONTENT_TYPE);
  }

  @Override
  public HttpResponse serve(ServiceRequestContext ctx, HttpRequest request) {
    if (!isGrpc(request)) {
      // By gRPC's own rule: without its content type there is no gRPC status to read.
      return HttpResponse.of(HttpStatus.UNSUPPORTED_MEDIA_TYPE);
    }
    String type = request.headers().get("content-type", "");
    if (type.startsWith(CONTENT_TYPE + "+") && !type.startsWith(CONTENT_TYPE + "+proto")) {
      return refuse(Outcome.Kind.UNKNOWN_ENCODING, "only protobuf messages are taken");
    }
    Principal principal = callers.identify(request.headers()::get);
    if (principal == null) {
      return refuse(Outcome.Kind.UNAUTHENTICATED, "a valid API key is needed");
    }
    if (!principal.has(Role.INGEST)) {
      return refuse(Outcome.Kind.FORBIDDEN, "the key does not have the role ingest");
    }
    String encoding = request.headers().get("grpc-encoding", "identity");
    if (!encoding.equals("identity") && !encoding.equals("gzip")) {
      return refuse(Outcome.Kind.UNKNOWN_ENCODING, "grpc-encoding must be gzip or identity");
    }
    return HttpResponse.of(
        receiver
            .receive(ctx, request, principal.project(), Protocol.GRPC, encoding.equals("gzip"))
            .thenApply(OtlpGrpcService::answer));
  }

  private HttpResponse refuse(Outcome.Kind kind, String message) {
    return answer(receiver.refused(Protocol.GRPC, Outcome.of(kind, message)));
  }

  /** An outcome as gRPC tells it: message and trailers, or trailers alone. */
  public static HttpResponse answer(Outcome outcome) {
    ResponseHeadersBuilder headers =
        ResponseHeaders.builder(HttpStatus.OK)
            .add("content-type", "application/grpc+proto")
            .add("grpc-accept-encoding", "identity,gzip");
    if (outcome.success()) {
      byte[] message = StatusBody.response(outcome);
      byte[] frame =
          ByteBuffer.allocate(PREFIX_BYTES + message.length)
              .put((byte) 0)
              .putInt(message.length)
              .put(message)
              .array();
      return HttpResponse.of(
          headers.build(), HttpData.wrap(frame), HttpHeaders.of("grpc-status", "0"));
    }
    headers.addInt("grpc-status", outcome.kind().grpcCode());
    headers.add("grpc-message", percentEncoded(outcome.message()));
    headers.add(
        "grpc-status-details-bin",
        Base64.getEncoder().withoutPadding().encodeToString(StatusBody.status(outcome)));
    return HttpResponse.of(headers.build());
  }

  private static String percentEncoded(String text) {
    StringBuilder out = new StringBuilder();
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      if (b >= ' ' && b <= '~' && b != '%') {
        out.append((char) b);
      } else {
        out.append(String.format("%%%02X", b & 0xff));
      }
    }
    return out.toString();
  }
}

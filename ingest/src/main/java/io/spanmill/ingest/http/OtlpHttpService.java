/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest.http;

import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.spanmill.auth.Principal;
import io.spanmill.auth.Role;
import io.spanmill.ingest.auth.Callers;
import io.spanmill.ingest.receive.Outcome;
import io.spanmill.ingest.receive.Protocol;
import io.spanmill.ingest.receive.Receiver;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** {@code /v1/traces}: protobuf or JSON by Content-Type, plain or gzip. */
public final class OtlpHttpService implements HttpService {
  private final Receiver receiver;
  private final Callers callers;

  public OtlpHttpService(Receiver receiver, Callers callers) {
    this.receiver = receiver;
    this.callers = callers;
  }

  @Override
  public HttpResponse serve(ServiceRequestContext ctx, HttpRequest request) {
    Protocol protocol = protocol(request.contentType());
    // Of a foreign type nothing can be mirrored; JSON is what people can read.
    Protocol answerAs = protocol == null ? Protocol.HTTP_JSON : protocol;
    Outcome refusal = null;
    if (request.method() != HttpMethod.POST) {
      refusal = Outcome.of(Outcome.Kind.METHOD_NOT_ALLOWED, "only POST is taken here");
    } else if (protocol == null) {
      refusal =
          Outcome.of(
              Outcome.Kind.UNKNOWN_MEDIA_TYPE,
              "Content-Type must be application/x-protobuf or application/json");
    }
    Principal principal = refusal == null ? callers.identify(request.headers()::get) : null;
    if (refusal == null && principal == null) {
      refusal = Outcome.of(Outcome.Kind.UNAUTHENTICATED, "a valid API key is needed");
    } else if (refusal == null && principal != null && !principal.has(Role.INGEST)) {
      refusal = Outcome.of(Outcome.Kind.FORBIDDEN, "the key does not have the role ingest");
    }
    String encoding = encoding(request);
    boolean gzip = encoding.equals("gzip");
    if (refusal == null && !gzip && !encoding.isEmpty() && !encoding.equals("identity")) {
      refusal =
          Outcome.of(Outcome.Kind.UNKNOWN_ENCODING, "Content-Encoding must be gzip or identity");
    }
    boolean protobuf = answerAs == Protocol.HTTP_PROTOBUF;
    if (refusal != null || principal == null || protocol == null) {
      Outcome outcome = refusal == null ? Outcome.of(Outcome.Kind.UNAUTHENTICATED, "") : refusal;
      return HttpAnswers.of(receiver.refused(answerAs, outcome), protobuf);
    }
    return HttpResponse.of(
        receiver
            .receive(ctx, request, principal.project(), protocol, gzip)
            .thenApply(outcome -> HttpAnswers.of(outcome, protobuf)));
  }

  private static String encoding(HttpRequest request) {
    String encoding = request.headers().get(HttpHeaderNames.CONTENT_ENCODING, "");
    return encoding.trim().toLowerCase(Locale.ROOT);
  }

  private static @Nullable Protocol protocol(@Nullable MediaType type) {
    if (type == null) {
      return null;
    }
    MediaType plain = type.withoutParameters();
    if (plain.equals(HttpAnswers.PROTOBUF)) {
      return Protocol.HTTP_PROTOBUF;
    }
    return plain.equals(HttpAnswers.JSON) ? Protocol.HTTP_JSON : null;
  }
}

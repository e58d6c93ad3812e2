/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest.http;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.spanmill.auth.Principal;
import io.spanmill.auth.Role;
import io.spanmill.ingest.auth.Callers;
import io.spanmill.ingest.receive.Outcome;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** {@code /health}, {@code /ready} and {@code /metrics}. */
public final class OperationsService {
  private OperationsService() {}

  /** Alive: the process answers. */
  public static HttpService health() {
    return (ctx, request) ->
        HttpResponse.of(HttpStatus.OK, MediaType.JSON_UTF_8, "{\"status\":\"up\"}");
  }

  /** Ready: Kafka made progress lately and the service is not draining. */
  public static HttpService ready(BooleanSupplier ready, Supplier<String> problem) {
    return (ctx, request) ->
        ready.getAsBoolean()
            ? HttpResponse.of(HttpStatus.OK, MediaType.JSON_UTF_8, "{\"ready\":true}")
            : HttpResponse.of(
                HttpStatus.SERVICE_UNAVAILABLE,
                MediaType.PLAIN_TEXT_UTF_8,
                "not ready: " + problem.get());
  }

  /** Prometheus text; needs a key with the role metrics or admin where keys are set. */
  public static HttpService metrics(PrometheusMeterRegistry registry, Callers callers) {
    return new HttpService() {
      @Override
      public HttpResponse serve(ServiceRequestContext ctx, HttpRequest request) {
        Principal principal = callers.identify(request.headers()::get);
        if (principal == null) {
          return HttpAnswers.of(
              Outcome.of(Outcome.Kind.UNAUTHENTICATED, "a valid API key is needed"), false);
        }
        if (!principal.has(Role.METRICS) && !principal.has(Role.ADMIN)) {
          return HttpAnswers.of(
              Outcome.of(Outcome.Kind.FORBIDDEN, "the key does not have the role metrics"), false);
        }
        String type = "text/plain; version=0.0.4; charset=utf-8";
        return HttpResponse.of(
            HttpStatus.OK, MediaType.parse(type), HttpData.ofUtf8(registry.scrape(type)));
      }
    };
  }
}

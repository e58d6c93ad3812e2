/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.normalize;

import io.spanmill.model.NormalizedSpan;
import io.spanmill.otlp.AttributeView;
import io.spanmill.otlp.TraceReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** What both generations of LiteLLM's telemetry share: scope, server spans, model names. */
abstract class LiteLlm extends Dialect {
  private static final byte[] SCOPE = ascii("litellm");
  private static final List<byte[]> SERVER_SCOPES =
      List.of(
          ascii("opentelemetry.instrumentation.fastapi"),
          ascii("opentelemetry.instrumentation.asgi"),
          ascii("opentelemetry.instrumentation.starlette"),
          ascii("fastapi"));

  /** First parts of routes that are no model requests: probes, management, the admin screen. */
  private static final Set<String> NO_REQUESTS =
      Set.of(
          "health",
          "metrics",
          "key",
          "team",
          "user",
          "customer",
          "end_user",
          "organization",
          "budget",
          "spend",
          "global",
          "model",
          "models",
          "ui",
          "sso",
          "login",
          "docs",
          "redoc",
          "openapi.json",
          "favicon.ico",
          "get_image",
          "cache",
          "config",
          "callbacks",
          "settings",
          "tag",
          "credentials",
          "project",
          "policy",
          "policies",
          "routes",
          "test",
          "invitation",
          "active",
          "alerting",
          "audit",
          "provider",
          "utils",
          "public",
          "v2",
          "robots.txt");

  private final Set<String> gatewayServices;
  private int[] routes = {};
  private int[] service = {};
  private int[] httpMethod = {};

  LiteLlm(String id, FieldKeys keys, Set<String> gatewayServices) {
    super(id, keys);
    this.gatewayServices = gatewayServices;
  }

  static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  @Override
  void bind(KeySlots all, Map<Field, List<String>> configured) {
    super.bind(all, configured);
    routes =
        all.slots("http.route", "http.target", "url.path", "metadata.user_api_key_request_route");
    service = all.slots("service.name");
    httpMethod = all.slots("http.request.method", "http.method");
  }

  static boolean hasScope(TraceReader span) {
    return span.scopeNameEquals(SCOPE);
  }

  /** Whether a web framework's instrumentation opened this span for a request to the gateway. */
  final boolean isServerSpan(TraceReader span) {
    if (span.kind() != SpanKind.SERVER) {
      return false;
    }
    for (byte[] scope : SERVER_SCOPES) {
      if (span.scopeNameEquals(scope)) {
        return Values.told(span.attributes(), httpMethod);
      }
    }
    return false;
  }

  final boolean isGatewayService(TraceReader span) {
    return gatewayServices.contains(Values.text(span.resource(), service));
  }

  /** Whether the request's route, if told, is one that asks a model for something. */
  final boolean asksModel(AttributeView attributes) {
    String route = Values.text(attributes, routes);
    if (route.length() < 2) {
      return !route.equals("/");
    }
    int from = route.startsWith("/v1/") ? 4 : 1;
    int to = from;
    while (to < route.length() && route.charAt(to) != '/' && route.charAt(to) != '?') {
      to++;
    }
    return !NO_REQUESTS.contains(route.substring(from, to).toLowerCase(Locale.ROOT));
  }

  /**
   * Names the model that answered. A proxy may put its public alias in place of the answer's model;
   * then the model asked of the provider is the better name.
   *
   * @param alias the public name, "" if not told
   * @param asked the model asked of the provider, "" if not told
   */
  static void nameModel(NormalizedSpan out, String alias, String asked) {
    String told = out.responseModel;
    if (told.isEmpty() || (told.equals(alias) && !asked.isEmpty())) {
      told = asked.isEmpty() ? out.requestModel : asked;
    }
    out.model = ModelNames.normalize(told, out.provider);
  }
}

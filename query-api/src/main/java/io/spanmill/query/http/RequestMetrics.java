/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import io.javalin.http.Context;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.concurrent.TimeUnit;

/** Counts and times requests by route and status, never by their values. */
final class RequestMetrics {
  private static final String BEGUN = "begun";

  private final MeterRegistry registry;

  RequestMetrics(MeterRegistry registry) {
    this.registry = registry;
  }

  void begin(Context http) {
    http.attribute(BEGUN, System.nanoTime());
  }

  void end(Context http) {
    Long begun = http.attribute(BEGUN);
    if (begun == null) {
      return;
    }
    Timer.builder("spanmill.query.request")
        .description("Requests by route and status")
        .tag("route", route(http))
        .tag("status", Integer.toString(http.statusCode()))
        .register(registry)
        .record(System.nanoTime() - begun, TimeUnit.NANOSECONDS);
  }

  private static String route(Context http) {
    var last = http.endpoints().matchedHttpEndpoint();
    return last == null ? "none" : last.path;
  }
}

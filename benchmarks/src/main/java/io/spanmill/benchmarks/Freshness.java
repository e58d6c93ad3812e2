/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.benchmarks;

import io.spanmill.model.LatencySketch;
import io.spanmill.standalone.traffic.EncodedRequests;
import io.spanmill.standalone.traffic.EncodedRequests.Template;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * How long from the acknowledgement of a call to the answer of {@code /api/v1/overview} that counts
 * it: a small request with one trace is sent every quarter of a second, and the overview of their
 * environment asked ten times a second. Two threads of its own.
 */
final class Freshness implements AutoCloseable {
  private static final String ENVIRONMENT = "probe";

  /**
   * All of them. With a filter that spans do not have, the answer leaves out how many spans there
   * are: counting those of the load ten times a second would be a load of its own.
   */
  private static final String TEAMS =
      "&team=checkout&team=search&team=support&team=research&team=growth&team=risk&team=mobile"
          + "&team=data";

  private static final long EVERY_MS = 250;
  private static final long POLL_MS = 100;

  private final int ingestPort;
  private final Api api;
  private final long fromMs = System.currentTimeMillis() - 60_000;
  private final LatencySketch sketch = new LatencySketch();
  private final Deque<long[]> waiting = new ArrayDeque<>();
  private final Template template;
  private final long callsEach;
  private final Thread sender = new Thread(this::send, "probe-sender");
  private final Thread poller = new Thread(this::poll, "probe-poller");
  private volatile boolean stop;
  private volatile boolean counting;
  private volatile String failure = "";

  Freshness(int ingestPort, Api api) {
    this.ingestPort = ingestPort;
    this.api = api;
    // One request of a trace or two with at least a call at the gateway in it.
    Template found = null;
    long calls = 0;
    for (long seed = 1; calls == 0; seed++) {
      found = EncodedRequests.encode(1, 1, 0, seed, ENVIRONMENT).get(0);
      calls =
          EncodedRequests.expected(java.util.List.of(found), new long[] {1})
              .toJson()
              .path("layers")
              .path("gateway")
              .path("calls")
              .asLong();
    }
    this.template = found;
    this.callsEach = calls;
    sender.start();
    poller.start();
  }

  /** Counts probes acknowledged from now on. */
  void count(boolean on) {
    counting = on;
  }

  /** Milliseconds; not a number without probes. */
  double quantileMs(double q) {
    synchronized (sketch) {
      return sketch.quantileMs(q);
    }
  }

  long probes() {
    synchronized (sketch) {
      return sketch.total();
    }
  }

  String failure() {
    return failure;
  }

  private void send() {
    byte[] body = new byte[template.sizeBytes()];
    // Numbers of their own: the generator's are positive.
    long number = -(System.currentTimeMillis() << 20);
    long sent = 0;
    try (HttpSender http = new HttpSender("127.0.0.1", ingestPort)) {
      while (!stop) {
        template.stamp(number++, System.currentTimeMillis() * 1_000_000, body);
        if (http.post(body, template.sizeBytes()) == 200) {
          sent += callsEach;
          synchronized (waiting) {
            waiting.add(new long[] {sent, System.nanoTime(), counting ? 1 : 0});
          }
        }
        Thread.sleep(EVERY_MS);
      }
    } catch (IOException | InterruptedException e) {
      failure = "probe sender: " + e;
    }
  }

  private void poll() {
    try {
      while (!stop) {
        long seen =
            api.overview("gateway", ENVIRONMENT + TEAMS, fromMs)
                .path("totals")
                .path("calls")
                .asLong();
        long now = System.nanoTime();
        synchronized (waiting) {
          while (!waiting.isEmpty() && waiting.peek()[0] <= seen) {
            long[] probe = waiting.remove();
            if (probe[2] == 1) {
              synchronized (sketch) {
                sketch.add((now - probe[1]) / 1000);
              }
            }
          }
        }
        Thread.sleep(POLL_MS);
      }
    } catch (IOException | InterruptedException e) {
      failure = "probe poller: " + e;
    }
  }

  @Override
  public void close() throws InterruptedException {
    stop = true;
    sender.join();
    poller.join();
  }
}

/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.spanmill.model.LatencySketch;
import io.spanmill.standalone.traffic.EncodedRequests;
import io.spanmill.standalone.traffic.EncodedRequests.Template;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;

/**
 * A process of its own that sends encoded requests at a steady rate: warm-up, then a measured time.
 * Prints {@code measuring} and {@code measured} when they begin and end, then one JSON object.
 */
final class Generator {
  private static final int TEMPLATES = 32;
  private static final int CONNECTIONS = 12;
  private static final long MAX_ATTEMPTS = 200;

  private final String host;
  private final int port;
  private final double rate;
  private final double warmRate;
  private final List<Template> templates;
  private final AtomicLong number = new AtomicLong();

  /** Numbers of no other run, as its data may still be there. */
  private final long firstNumber = System.currentTimeMillis() << 20;

  private final AtomicLongArray sent;
  private final AtomicLong spans = new AtomicLong();
  private final AtomicLong measuredSpans = new AtomicLong();
  private final AtomicLong retries = new AtomicLong();
  private final AtomicLong unsettled = new AtomicLong();
  private final AtomicLong lastAckMs = new AtomicLong();
  private final LatencySketch answers = new LatencySketch();
  private final long measureFromNanos;
  private final long endNanos;
  private final long beginNanos = System.nanoTime();

  private Generator(
      String host,
      int port,
      double rate,
      double warmRate,
      int warmSeconds,
      int seconds,
      List<Template> templates) {
    this.host = host;
    this.port = port;
    this.rate = rate;
    this.warmRate = warmRate;
    this.templates = templates;
    this.sent = new AtomicLongArray(templates.size());
    this.measureFromNanos = beginNanos + warmSeconds * 1_000_000_000L;
    this.endNanos = measureFromNanos + seconds * 1_000_000_000L;
  }

  /**
   * Arguments: host, port, spans a second, seconds of warm-up, seconds measured, environment, spans
   * a second during warm-up.
   */
  public static void main(String[] args) throws InterruptedException {
    if (args.length != 7) {
      System.err.println("usage: Generator HOST PORT RATE WARM SECONDS ENVIRONMENT WARMRATE");
      System.exit(2);
    }
    List<Template> templates = Requests.encode(TEMPLATES, 4, args[5]);
    Generator generator =
        new Generator(
            args[0],
            Integer.parseInt(args[1]),
            Double.parseDouble(args[2]),
            Double.parseDouble(args[6]),
            Integer.parseInt(args[3]),
            Integer.parseInt(args[4]),
            templates);
    generator.run(System.out);
  }

  private void run(PrintStream out) throws InterruptedException {
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < CONNECTIONS; i++) {
      Thread thread = new Thread(this::send, "sender-" + i);
      thread.start();
      threads.add(thread);
    }
    sleepUntil(measureFromNanos);
    out.println("measuring");
    sleepUntil(endNanos);
    out.println("measured");
    for (Thread thread : threads) {
      thread.join();
    }
    out.println(report());
  }

  private static void sleepUntil(long nanos) throws InterruptedException {
    long left = nanos - System.nanoTime();
    if (left > 0) {
      Thread.sleep(left / 1_000_000, (int) (left % 1_000_000));
    }
  }

  private void send() {
    byte[] body = new byte[templates.stream().mapToInt(Template::sizeBytes).max().orElse(0)];
    try (HttpSender sender = new HttpSender(host, port)) {
      while (true) {
        long n = number.getAndIncrement();
        long due = dueNanos(n);
        if (due >= endNanos) {
          return;
        }
        for (long now = System.nanoTime(); now < due; now = System.nanoTime()) {
          LockSupport.parkNanos(due - now);
        }
        if (System.nanoTime() >= endNanos) {
          return;
        }
        int which = (int) (n % templates.size());
        Template template = templates.get(which);
        template.stamp(firstNumber + n, System.currentTimeMillis() * 1_000_000, body);
        long start = System.nanoTime();
        if (settle(sender, body, template.sizeBytes())) {
          acknowledged(which, template, start);
        } else {
          unsettled.addAndGet(template.spans());
        }
      }
    } catch (IOException e) {
      throw new IllegalStateException("the receiver is gone: " + e.getMessage(), e);
    }
  }

  /** When a request is to be sent. */
  private long dueNanos(long n) {
    double warmNanos = measureFromNanos - beginNanos;
    double perWarm = Requests.SPANS / warmRate * 1e9;
    double warm = warmNanos / perWarm;
    return beginNanos
        + (long) (n < warm ? n * perWarm : warmNanos + (n - warm) * (Requests.SPANS / rate * 1e9));
  }

  private void acknowledged(int which, Template template, long startNanos) {
    long now = System.nanoTime();
    sent.incrementAndGet(which);
    spans.addAndGet(template.spans());
    lastAckMs.accumulateAndGet(System.currentTimeMillis(), Math::max);
    if (now >= measureFromNanos && now < endNanos) {
      measuredSpans.addAndGet(template.spans());
      synchronized (answers) {
        answers.add((now - startNanos) / 1000);
      }
    }
  }

  private boolean settle(HttpSender sender, byte[] body, int length) throws IOException {
    for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      int status = sender.post(body, length);
      if (status == 200) {
        return true;
      }
      if (status != 429 && status != 503) {
        throw new IOException("status " + status);
      }
      retries.incrementAndGet();
      LockSupport.parkNanos(50_000_000);
    }
    return false;
  }

  private ObjectNode report() {
    long[] times = new long[templates.size()];
    for (int i = 0; i < times.length; i++) {
      times[i] = sent.get(i);
    }
    double seconds = (endNanos - measureFromNanos) / 1e9;
    ObjectNode out = new ObjectMapper().createObjectNode();
    out.put("spans", spans.get()).put("measuredSpans", measuredSpans.get());
    out.put("spansPerSecond", measuredSpans.get() / seconds);
    out.put("retries", retries.get()).put("unsettled", unsettled.get());
    out.put("lastAckMs", lastAckMs.get());
    out.put("ackP50Ms", answers.quantileMs(0.5)).put("ackP90Ms", answers.quantileMs(0.9));
    out.put("ackP99Ms", answers.quantileMs(0.99)).put("ackP999Ms", answers.quantileMs(0.999));
    long bytes = templates.stream().mapToLong(Template::sizeBytes).sum();
    out.put("spanBytes", bytes / templates.stream().mapToLong(Template::spans).sum());
    out.set("expected", EncodedRequests.expected(templates, times).toJson());
    return out;
  }
}

/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest.publish;

import io.spanmill.codec.Topics;
import io.spanmill.config.Settings;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether Kafka makes progress: the topics are there and checked, and a record was acknowledged or
 * the topic described within the last ten seconds. Thread-safe.
 */
public final class KafkaState implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(KafkaState.class);
  private static final long FRESH_NANOS = TimeUnit.SECONDS.toNanos(10);
  private static final long FIRST_ANSWER_SECONDS = 5;
  private static final long PROBE_SECONDS = 3;

  private final Admin admin;
  private final Settings settings;
  private final Publisher publisher;
  private final ScheduledExecutorService executor =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "ingest-kafka-state");
            thread.setDaemon(true);
            return thread;
          });
  private volatile boolean prepared;
  private volatile boolean described;
  private volatile long describedNanos;
  private volatile @Nullable String problem;

  /**
   * Prepares the topics now if Kafka answers within seconds, else as soon as it does.
   *
   * @throws IllegalStateException if a topic has the wrong partition count
   */
  public KafkaState(Admin admin, Settings settings, Publisher publisher)
      throws InterruptedException {
    this.admin = admin;
    this.settings = settings;
    this.publisher = publisher;
    if (answers()) {
      Topics.ensure(admin, settings);
      prepared = true;
      seen();
    } else {
      LOG.warn("Kafka does not answer yet; senders are told to retry until it does");
    }
    var unused = executor.scheduleWithFixedDelay(this::look, 1, 1, TimeUnit.SECONDS);
  }

  /** Whether records may be sent: the topics are there, with the right partition count. */
  public boolean prepared() {
    return prepared;
  }

  /** Whether Kafka made progress lately. */
  public boolean progressing() {
    return prepared && (publisher.sinceAckNanos() < FRESH_NANOS || describedLately());
  }

  /** Why not, for people; empty if nothing is known to be wrong. */
  public String problem() {
    String known = problem;
    return known == null ? "" : known;
  }

  @Override
  public void close() {
    executor.shutdownNow();
    admin.close(java.time.Duration.ofSeconds(1));
  }

  private boolean describedLately() {
    return described && System.nanoTime() - describedNanos < FRESH_NANOS;
  }

  private void seen() {
    describedNanos = System.nanoTime();
    described = true;
    problem = null;
  }

  private boolean answers() throws InterruptedException {
    try {
      admin.describeCluster().nodes().get(FIRST_ANSWER_SECONDS, TimeUnit.SECONDS);
      return true;
    } catch (ExecutionException | TimeoutException e) {
      problem = "Kafka does not answer";
      return false;
    }
  }

  private void look() {
    try {
      if (!prepared) {
        if (answers()) {
          Topics.ensure(admin, settings);
          prepared = true;
          seen();
          LOG.info("Kafka answers, topics are ready");
        }
      } else if (publisher.sinceAckNanos() > TimeUnit.SECONDS.toNanos(2)) {
        admin
            .describeTopics(List.of(Topics.SPANS))
            .allTopicNames()
            .get(PROBE_SECONDS, TimeUnit.SECONDS);
        seen();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      problem = "Kafka does not answer";
    } catch (RuntimeException e) {
      problem = String.valueOf(e.getMessage());
      LOG.error("Kafka is not usable", e);
    }
  }
}

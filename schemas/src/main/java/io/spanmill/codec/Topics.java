/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.codec;

import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** The topics: names, settings, creation. */
public final class Topics {
  /** Export requests as they arrived, split by trace. */
  public static final String SPANS = "otlp_spans";

  /** Records no one could decode. */
  public static final String DEAD_LETTERS = "otlp_spans_dlq";

  /** Counted calls, packed per input record. */
  public static final String CALLS = "llm_calls";

  /** Partial rollups on their way from the first stage to the second. */
  public static final String PARTIALS = "llm_partials";

  /** Cumulative rollup rows. */
  public static final String ROLLUPS = "llm_rollups";

  /** Header of {@link #SPANS}: the project's name, UTF-8. */
  public static final String PROJECT_HEADER = "project";

  private static final long ADMIN_TIMEOUT_SECONDS = 30;
  private static final long DESCRIBE_AGAIN_MS = 50;
  private static final int RECORD_OVERHEAD_BYTES = 200_000;

  private Topics() {}

  /**
   * Creates what is missing and checks what is there.
   *
   * @return the partition count, the same for all topics
   * @throws IllegalStateException if a topic has another partition count than {@code
   *     kafka.partitions}, telling which and what to do
   * @throws InterruptedException if interrupted while waiting for the brokers
   */
  public static int ensure(Admin admin, Settings settings) throws InterruptedException {
    int partitions = settings.integer(Keys.KAFKA_PARTITIONS);
    Map<String, NewTopic> wanted = new HashMap<>();
    long spans = settings.longValue(Keys.KAFKA_SPANS_RETENTION_MS);
    long derived = settings.longValue(Keys.KAFKA_DERIVED_RETENTION_MS);
    wanted.put(SPANS, topic(SPANS, settings, spans));
    wanted.put(DEAD_LETTERS, topic(DEAD_LETTERS, settings, spans * 4));
    wanted.put(CALLS, topic(CALLS, settings, derived));
    wanted.put(PARTIALS, topic(PARTIALS, settings, derived));
    wanted.put(ROLLUPS, topic(ROLLUPS, settings, derived));
    try {
      var existing = admin.listTopics().names().get(ADMIN_TIMEOUT_SECONDS, TimeUnit.SECONDS);
      List<NewTopic> missing = new ArrayList<>(wanted.values());
      missing.removeIf(t -> existing.contains(t.name()));
      create(admin, missing);
      Map<String, TopicDescription> described = described(admin, wanted.keySet());
      for (TopicDescription d : described.values()) {
        if (d.partitions().size() != partitions) {
          throw new IllegalStateException(
              "topic "
                  + d.name()
                  + " has "
                  + d.partitions().size()
                  + " partitions, but kafka.partitions is "
                  + partitions
                  + ": the count is fixed when the topics are made; set kafka.partitions="
                  + d.partitions().size());
        }
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException("cannot prepare the topics: " + e.getMessage(), e);
    } catch (TimeoutException e) {
      throw new IllegalStateException(
          "no answer from Kafka at "
              + settings.string(Keys.KAFKA_BOOTSTRAP)
              + " within "
              + ADMIN_TIMEOUT_SECONDS
              + " s",
          e);
    }
    return partitions;
  }

  /** A broker may answer before it has heard of topics that the controller has just made. */
  private static Map<String, TopicDescription> described(Admin admin, Set<String> names)
      throws InterruptedException, TimeoutException, ExecutionException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(ADMIN_TIMEOUT_SECONDS);
    while (true) {
      try {
        return admin
            .describeTopics(names)
            .allTopicNames()
            .get(ADMIN_TIMEOUT_SECONDS, TimeUnit.SECONDS);
      } catch (ExecutionException e) {
        if (!(e.getCause() instanceof UnknownTopicOrPartitionException)
            || System.nanoTime() > deadline) {
          throw e;
        }
        TimeUnit.MILLISECONDS.sleep(DESCRIBE_AGAIN_MS);
      }
    }
  }

  private static void create(Admin admin, List<NewTopic> missing)
      throws InterruptedException, TimeoutException, ExecutionException {
    for (var creation : admin.createTopics(missing).values().values()) {
      try {
        creation.get(ADMIN_TIMEOUT_SECONDS, TimeUnit.SECONDS);
      } catch (ExecutionException e) {
        // Another service that starts at the same time was first.
        if (!(e.getCause() instanceof TopicExistsException)) {
          throw e;
        }
      }
    }
  }

  private static NewTopic topic(String name, Settings settings, long retentionMs) {
    short replicas = (short) settings.integer(Keys.KAFKA_REPLICATION);
    int maxBytes = settings.integer(Keys.KAFKA_RECORD_MAX_BYTES) + RECORD_OVERHEAD_BYTES;
    Map<String, String> config = new HashMap<>();
    // The one clock that numbers may depend on is the broker's.
    config.put(TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG, "LogAppendTime");
    config.put(TopicConfig.RETENTION_MS_CONFIG, Long.toString(retentionMs));
    config.put(TopicConfig.MAX_MESSAGE_BYTES_CONFIG, Integer.toString(maxBytes));
    config.put(TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG, replicas >= 3 ? "2" : "1");
    return new NewTopic(name, settings.integer(Keys.KAFKA_PARTITIONS), replicas).configs(config);
  }
}

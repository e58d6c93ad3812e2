/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.progress;

import com.clickhouse.client.api.query.GenericRecord;
import io.spanmill.aggregator.topology.SourceReplacedException;
import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.Sql;
import io.spanmill.codec.Topics;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds the topics against what the tables were filled from, before the job starts. Offsets of the
 * topics are versions and generations of rows: with topics made anew, numbers would silently go
 * wrong.
 */
public final class SourceIdentity {
  private static final Logger LOG = LoggerFactory.getLogger(SourceIdentity.class);
  private static final long ADMIN_TIMEOUT_SECONDS = 30;
  private static final String STATUS_SOURCE = "aggregator";
  private static final String STATUS_NAME = "topics";

  private final Admin admin;
  private final ClickHouse clickHouse;
  private final String group;

  public SourceIdentity(Admin admin, ClickHouse clickHouse, String group) {
    this.admin = admin;
    this.clickHouse = clickHouse;
    this.group = group;
  }

  /**
   * Checks, and remembers the topics at the first start.
   *
   * @return what names the topics' present life
   * @throws SourceReplacedException if the tables were filled from other topics, or the job has
   *     lost both its offsets and its state; the message says what to do
   * @throws InterruptedException if interrupted while waiting for the brokers
   */
  public String check() throws InterruptedException {
    try {
      String id = topics();
      String known = known();
      if (known.isEmpty()) {
        remember(id);
      } else if (!known.equals(id)) {
        throw new SourceReplacedException(
            "database "
                + clickHouse.database()
                + " was filled from the topics "
                + known
                + ", but at kafka.bootstrap they are now "
                + id
                + ": topics were deleted and made anew, and counting on would mix two logs. Put the"
                + " old ones back, or set clickhouse.database to a new name and start over");
      }
      checkOffsets();
      return id;
    } catch (ExecutionException e) {
      throw new IllegalStateException("cannot look at the topics: " + e.getMessage(), e);
    } catch (TimeoutException e) {
      throw new IllegalStateException("no answer from Kafka about the topics", e);
    }
  }

  private String topics() throws InterruptedException, ExecutionException, TimeoutException {
    Map<String, TopicDescription> described =
        admin
            .describeTopics(List.of(Topics.SPANS, Topics.PARTIALS, Topics.ROLLUPS))
            .allTopicNames()
            .get(ADMIN_TIMEOUT_SECONDS, TimeUnit.SECONDS);
    StringBuilder id = new StringBuilder();
    id.append(admin.describeCluster().clusterId().get(ADMIN_TIMEOUT_SECONDS, TimeUnit.SECONDS));
    for (String topic : List.of(Topics.SPANS, Topics.PARTIALS, Topics.ROLLUPS)) {
      TopicDescription d = described.get(topic);
      id.append(' ').append(topic).append('=').append(d == null ? "?" : d.topicId());
    }
    return id.toString();
  }

  private String known() {
    for (GenericRecord row :
        clickHouse.query(
            Sql.of(
                    "SELECT value FROM status FINAL"
                        + " WHERE source = {source:String} AND name = {name:String}")
                .with("source", STATUS_SOURCE)
                .with("name", STATUS_NAME))) {
      return row.getString("value");
    }
    return "";
  }

  private void remember(String id) {
    clickHouse.execute(
        Sql.of(
                "INSERT INTO status (source, name, value)"
                    + " SELECT {source:String}, {name:String}, {value:String}")
            .with("source", STATUS_SOURCE)
            .with("name", STATUS_NAME)
            .with("value", id));
  }

  /**
   * Of each partition that the tables know of, the group's offset or the job's state must be left.
   */
  private void checkOffsets() throws InterruptedException, ExecutionException, TimeoutException {
    Map<Integer, Long> written = new HashMap<>();
    for (GenericRecord row :
        clickHouse.query(
            Sql.of(
                "SELECT source_partition, max(source_offset) AS next FROM progress FINAL"
                    + " WHERE kind = 'calls' GROUP BY source_partition"))) {
      if (row.getLong("next") > 0) {
        written.put(row.getInteger("source_partition"), row.getLong("next"));
      }
    }
    if (written.isEmpty()) {
      return;
    }
    Map<TopicPartition, OffsetAndMetadata> committed =
        admin
            .listConsumerGroupOffsets(group)
            .partitionsToOffsetAndMetadata()
            .get(ADMIN_TIMEOUT_SECONDS, TimeUnit.SECONDS);
    Set<Integer> lost = new TreeSet<>();
    for (int partition : written.keySet()) {
      if (committed.get(new TopicPartition(Topics.SPANS, partition)) == null) {
        lost.add(partition);
      }
    }
    if (lost.isEmpty()) {
      return;
    }
    if (!hasState(lost)) {
      throw new SourceReplacedException(
          "the job has neither offsets nor state of the partitions "
              + lost
              + " of "
              + Topics.SPANS
              + ", but the tables hold what it counted from them: its changelog topics were"
              + " deleted, and counting again would count twice. Put them back, or set"
              + " clickhouse.database to a new name and start over");
    }
    LOG.warn(
        "the offsets of group {} have expired for partitions {} of {}; the job goes on from its own"
            + " state and skips what it has counted",
        group,
        lost,
        Topics.SPANS);
  }

  private boolean hasState(Set<Integer> partitions)
      throws InterruptedException, ExecutionException, TimeoutException {
    String changelog = group + "-dedup-changelog";
    if (!admin
        .listTopics()
        .names()
        .get(ADMIN_TIMEOUT_SECONDS, TimeUnit.SECONDS)
        .contains(changelog)) {
      return false;
    }
    Map<TopicPartition, OffsetSpec> latest = new HashMap<>();
    partitions.forEach(p -> latest.put(new TopicPartition(changelog, p), OffsetSpec.latest()));
    for (var end :
        admin.listOffsets(latest).all().get(ADMIN_TIMEOUT_SECONDS, TimeUnit.SECONDS).values()) {
      if (end.offset() == 0) {
        return false;
      }
    }
    return true;
  }
}

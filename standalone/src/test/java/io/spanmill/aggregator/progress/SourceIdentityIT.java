/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.progress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spanmill.aggregator.topology.SourceReplacedException;
import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.Migrations;
import io.spanmill.clickhouse.Sql;
import io.spanmill.codec.Topics;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.standalone.embedded.SpanmillServers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What would recount in silence is refused at the start. */
class SourceIdentityIT {
  @RegisterExtension static final SpanmillServers servers = new SpanmillServers();

  private static final List<String> TOPICS =
      List.of(Topics.SPANS, Topics.PARTIALS, Topics.ROLLUPS, Topics.CALLS, Topics.DEAD_LETTERS);

  private Settings settings;
  private Admin admin;
  private ClickHouse clickHouse;
  private String group;
  private SourceIdentity identity;

  @BeforeEach
  void start(TestInfo test) throws Exception {
    group = "group-" + test.getDisplayName().replaceAll("\\W", "");
    settings =
        servers.settings(
            Map.of(
                Keys.KAFKA_PARTITIONS,
                "2",
                Keys.CLICKHOUSE_DATABASE,
                "db_" + group.replace('-', '_')));
    admin = Admin.create(Map.of("bootstrap.servers", servers.bootstrap()));
    Topics.ensure(admin, settings);
    clickHouse = ClickHouse.open(settings);
    Migrations.apply(clickHouse, settings);
    identity = new SourceIdentity(admin, clickHouse, group);
  }

  @AfterEach
  void stop() {
    clickHouse.close();
    admin.close();
  }

  @Test
  void sameTopics_areKnownAgain() throws Exception {
    assertThat(identity.check()).isEqualTo(identity.check()).contains(Topics.SPANS);
  }

  @Test
  void topicMadeAnew_isRefused_andTheMessageSaysWhatToDo() throws Exception {
    identity.check();
    admin.deleteTopics(TOPICS).all().get();
    // Deletion is finished some time after it is answered.
    Awaitility.await()
        .atMost(Duration.ofSeconds(120))
        .ignoreExceptions()
        .untilAsserted(
            () -> {
              Topics.ensure(admin, settings);
              assertThat(admin.listTopics().names().get()).containsAll(TOPICS);
            });
    assertThatThrownBy(identity::check)
        .isInstanceOf(SourceReplacedException.class)
        .hasMessageContaining("deleted and made anew")
        .hasMessageContaining("clickhouse.database");
  }

  @Test
  void changedPartitionCount_isRefused_andTheMessageSaysWhatToSet() throws Exception {
    admin.createPartitions(Map.of(Topics.DEAD_LETTERS, NewPartitions.increaseTo(3))).all().get();
    try {
      assertThatThrownBy(() -> Topics.ensure(admin, settings))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("otlp_spans_dlq has 3 partitions, but kafka.partitions is 2");
      assertThatThrownBy(
              () -> Topics.ensure(admin, settings.with(Map.of(Keys.KAFKA_PARTITIONS, "4"))))
          .hasMessageContaining("set kafka.partitions=");
    } finally {
      admin.deleteTopics(List.of(Topics.DEAD_LETTERS)).all().get();
      Awaitility.await()
          .atMost(Duration.ofSeconds(120))
          .ignoreExceptions()
          .untilAsserted(() -> assertThat(Topics.ensure(admin, settings)).isEqualTo(2));
    }
  }

  @Test
  void lostOffsets_areNoMatterWhileTheStateIsThere_andRefusedWithoutIt() throws Exception {
    identity.check();
    clickHouse.execute(
        Sql.of(
            "INSERT INTO progress (kind, sink_partition, source_partition, source_offset,"
                + " arrival_ms, sink_offset, tick_ms) VALUES ('calls', 1, 1, 7, 1, 3, 1)"));
    assertThatThrownBy(identity::check)
        .isInstanceOf(SourceReplacedException.class)
        .hasMessageContaining("neither offsets nor state of the partitions [1]")
        .hasMessageContaining("count twice");

    String changelog = group + "-dedup-changelog";
    admin
        .createTopics(List.of(new NewTopic(changelog, Optional.of(2), Optional.empty())))
        .all()
        .get();
    assertThatThrownBy(identity::check).isInstanceOf(SourceReplacedException.class);
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", servers.bootstrap()),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      producer.send(new ProducerRecord<>(changelog, 1, null, new byte[] {1})).get();
    }
    assertThat(identity.check()).isNotEmpty();
  }

  @Test
  void offsetsThatAreThere_needNoState() throws Exception {
    identity.check();
    clickHouse.execute(
        Sql.of(
            "INSERT INTO progress (kind, sink_partition, source_partition, source_offset,"
                + " arrival_ms, sink_offset, tick_ms) VALUES ('calls', 0, 0, 7, 1, 3, 1)"));
    admin
        .alterConsumerGroupOffsets(
            group, Map.of(new TopicPartition(Topics.SPANS, 0), new OffsetAndMetadata(7)))
        .all()
        .get();
    assertThat(identity.check()).isNotEmpty();
  }
}

/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.spanmill.aggregator.deadletter.LetterHeaders;
import io.spanmill.codec.Topics;
import io.spanmill.config.Settings;
import io.spanmill.standalone.embedded.SpanmillServers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class DlqIT {
  @RegisterExtension static final SpanmillServers servers = new SpanmillServers();

  @Test
  void letters_areListedAndFoundAgain() throws Exception {
    Settings settings = servers.settings(Map.of("kafka.partitions", "2"));
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", servers.bootstrap()))) {
      Topics.ensure(admin, settings);
    }
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", servers.bootstrap()),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      ProducerRecord<byte[], byte[]> bad =
          new ProducerRecord<>(Topics.DEAD_LETTERS, 1, null, new byte[] {1, 2, 3});
      bad.headers().add(LetterHeaders.REASON, "cut short".getBytes(StandardCharsets.UTF_8));
      bad.headers().add(LetterHeaders.TOPIC, Topics.SPANS.getBytes(StandardCharsets.UTF_8));
      bad.headers().add(LetterHeaders.PARTITION, "1".getBytes(StandardCharsets.UTF_8));
      bad.headers().add(LetterHeaders.OFFSET, "42".getBytes(StandardCharsets.UTF_8));
      producer.send(bad).get(10, TimeUnit.SECONDS);
    }
    DeadLetters letters = new DeadLetters(settings);
    List<DeadLetters.Letter> all = new ArrayList<>();
    letters.each(all::add);

    assertThat(all)
        .singleElement()
        .satisfies(
            letter -> {
              assertThat(letter.id()).isEqualTo("1:0");
              assertThat(letter.reason()).isEqualTo("cut short");
              assertThat(letter.source()).isEqualTo("otlp_spans/1:42");
              assertThat(letter.value()).containsExactly(1, 2, 3);
            });
    assertThat(letters.find(1, 0)).isNotNull();
    assertThat(letters.find(1, 1)).isNull();
    assertThat(letters.find(9, 0)).isNull();
    String bootstrap = "kafka.bootstrap=" + servers.bootstrap();
    assertThat(SpanmillCommand.run("dlq", "list", "--set", bootstrap)).isEqualTo(ExitCode.OK);
    assertThat(SpanmillCommand.run("dlq", "show", "--set", bootstrap, "1:0"))
        .isEqualTo(ExitCode.OK);
    assertThat(SpanmillCommand.run("dlq", "show", "--set", bootstrap, "1:7"))
        .isEqualTo(ExitCode.USAGE);
    assertThat(SpanmillCommand.run("dlq", "show", "--set", bootstrap, "first"))
        .isEqualTo(ExitCode.USAGE);
  }
}

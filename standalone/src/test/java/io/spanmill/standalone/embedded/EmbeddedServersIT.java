/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spanmill.config.Keys;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedServersIT {
  @RegisterExtension static final SpanmillServers servers = new SpanmillServers();

  private static final long MEMORY = 1L << 30;

  @Test
  void bothServers_keepDataOverARestart() throws Exception {
    produceInTransaction("kept", "one");
    query("CREATE DATABASE kept ENGINE = Atomic");
    query("CREATE TABLE kept.t (x UInt8) ENGINE = MergeTree ORDER BY x");
    query("INSERT INTO kept.t VALUES (7)");

    servers.stop();
    servers.start();

    assertThat(read("kept")).containsExactly("one");
    assertThat(query("SELECT x FROM kept.t").body().strip()).isEqualTo("7");
  }

  @Test
  void clickHouse_answersItsUserAlone() throws Exception {
    assertThat(query("SELECT currentUser()").body().strip()).isEqualTo("spanmill");
    assertThat(post("spanmill", "wrong", "SELECT 1").statusCode()).isEqualTo(403);
    // The library's own session is 'default' with no password and may read files.
    String steal = "SELECT * FROM file('/etc/passwd', 'LineAsString')";
    assertThat(post("default", "", steal).statusCode()).isEqualTo(404);
    HttpRequest bare =
        HttpRequest.newBuilder(URI.create(servers.running().clickHouse().url()))
            .POST(BodyPublishers.ofString(steal))
            .build();
    assertThat(send(bare).statusCode()).isEqualTo(404);
    HttpRequest byParameter =
        HttpRequest.newBuilder(URI.create(servers.running().clickHouse().url() + "/?user=default"))
            .header("X-ClickHouse-User", "spanmill")
            .POST(BodyPublishers.ofString(steal))
            .build();
    assertThat(send(byParameter).statusCode()).isEqualTo(403);
  }

  @Test
  void clickHouse_hasMoneyTimeAndMapTypes() throws Exception {
    assertThat(
            query(
                    "SELECT toDecimal128('0.000000000001', 12), toDateTime64('2026-01-01 00:00:00.123456789', 9, 'UTC'), map(1, 2)")
                .body()
                .strip())
        .isEqualTo("0.000000000001\t2026-01-01 00:00:00.123456789\t{1:2}");
  }

  @Test
  void clickHouse_stopsFast_whenNoClientIsConnected(@TempDir Path dir) {
    EmbeddedClickHouse server = EmbeddedClickHouse.start(dir, 0, MEMORY, why -> {});
    long before = System.nanoTime();
    server.close();
    assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(20));
    assertThat(ProcessHandle.of(server.pid())).isEmpty();
  }

  @Test
  void secondClickHouseOnTheSameFolder_isRefusedWithOneLine(@TempDir Path dir) {
    try (EmbeddedClickHouse first = EmbeddedClickHouse.start(dir, 0, MEMORY, why -> {})) {
      assertThatThrownBy(() -> EmbeddedClickHouse.start(dir, 0, MEMORY, why -> {}).close())
          .isInstanceOf(SetupException.class)
          .hasMessageContaining("another server uses")
          .hasMessageNotContaining("\n");
      assertThat(ProcessHandle.of(first.pid())).isPresent();
    }
  }

  @Test
  void takenPort_isNamedWithItsSetting(@TempDir Path dir) throws IOException {
    try (ServerSocket stranger = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      int port = stranger.getLocalPort();
      assertThatThrownBy(() -> EmbeddedKafka.start(dir, port, why -> {}).close())
          .isInstanceOf(SetupException.class)
          .hasMessageContaining("port " + port)
          .hasMessageContaining(Keys.KAFKA_PORT);
      assertThatThrownBy(() -> EmbeddedClickHouse.start(dir, port, MEMORY, why -> {}).close())
          .isInstanceOf(SetupException.class)
          .hasMessageContaining("port " + port)
          .hasMessageContaining(Keys.CLICKHOUSE_HTTP_PORT);
    }
  }

  @Test
  void clickHouseThatDies_isReported(@TempDir Path dir) throws Exception {
    var told = new java.util.concurrent.CompletableFuture<String>();
    try (EmbeddedClickHouse server = EmbeddedClickHouse.start(dir, 0, MEMORY, told::complete)) {
      ProcessHandle.of(server.pid()).orElseThrow().destroyForcibly();
      assertThat(told.get(60, TimeUnit.SECONDS)).contains("ended by itself").contains("server.log");
    }
  }

  private static void produceInTransaction(String topic, String value) throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", servers.bootstrap()))) {
      admin
          .createTopics(List.of(new NewTopic(topic, 1, (short) 1)))
          .all()
          .get(60, TimeUnit.SECONDS);
    }
    Map<String, Object> config =
        Map.of(
            ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
            servers.bootstrap(),
            ProducerConfig.TRANSACTIONAL_ID_CONFIG,
            "t");
    try (KafkaProducer<String, String> producer =
        new KafkaProducer<>(config, new StringSerializer(), new StringSerializer())) {
      producer.initTransactions();
      producer.beginTransaction();
      producer.send(new ProducerRecord<>(topic, value)).get(60, TimeUnit.SECONDS);
      producer.commitTransaction();
    }
  }

  private static List<String> read(String topic) {
    Map<String, Object> config =
        Map.of(
            ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
            servers.bootstrap(),
            ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
            "earliest",
            ConsumerConfig.ISOLATION_LEVEL_CONFIG,
            "read_committed");
    try (KafkaConsumer<String, String> consumer =
        new KafkaConsumer<>(config, new StringDeserializer(), new StringDeserializer())) {
      consumer.assign(List.of(new TopicPartition(topic, 0)));
      List<String> values = new java.util.ArrayList<>();
      consumer.poll(Duration.ofSeconds(60)).forEach(record -> values.add(record.value()));
      return values;
    }
  }

  private static HttpResponse<String> query(String sql) throws Exception {
    EmbeddedClickHouse server = servers.running().clickHouse();
    HttpResponse<String> response = post(server.user(), server.password(), sql);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return response;
  }

  private static HttpResponse<String> post(String user, String password, String sql)
      throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(servers.running().clickHouse().url()))
            .header("X-ClickHouse-User", user)
            .header("X-ClickHouse-Key", password)
            .POST(BodyPublishers.ofString(sql))
            .build();
    return send(request);
  }

  private static HttpResponse<String> send(HttpRequest request) throws Exception {
    return HttpClient.newHttpClient().send(request, BodyHandlers.ofString());
  }
}

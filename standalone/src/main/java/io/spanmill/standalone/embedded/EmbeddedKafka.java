/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.embedded;

import io.spanmill.config.Keys;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Exit;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One Kafka broker and controller (KRaft) inside this JVM, on loopback.
 *
 * <p>Data survive restarts and the death of the process, not the loss of power: a single broker
 * answers when the page cache has the record.
 *
 * <p>Kafka ends the JVM on a fatal fault by itself. Here that becomes a call of the fatal handler
 * of the broker started last; Kafka offers one such hook a JVM.
 */
public final class EmbeddedKafka implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(EmbeddedKafka.class);
  private static final int NODE_ID = 1;

  /** Above the largest value of kafka.record.max.bytes, so that topics set the limit. */
  private static final int MESSAGE_MAX_BYTES = 80 * 1024 * 1024;

  private final KafkaRaftServer server;
  private final int port;
  private final AtomicBoolean closed = new AtomicBoolean();

  private EmbeddedKafka(KafkaRaftServer server, int port) {
    this.server = server;
    this.port = port;
  }

  /**
   * Starts a broker; returns when it serves. Takes one to two seconds.
   *
   * @param dir its data; made if missing, formatted once
   * @param wantedPort 0 for any free port
   * @param onFatal told once, from a thread of Kafka, when the broker gives up
   * @throws SetupException if the port is taken or the folder unusable
   */
  public static EmbeddedKafka start(Path dir, int wantedPort, Consumer<String> onFatal) {
    int port = Ports.choose(wantedPort, Keys.KAFKA_PORT);
    int controllerPort = freePortBeside(port);
    catchExits(onFatal);
    try {
      Files.createDirectories(dir);
      format(dir);
      KafkaRaftServer server =
          new KafkaRaftServer(
              KafkaConfig.fromProps(properties(dir, port, controllerPort)), Time.SYSTEM);
      server.startup();
      LOG.info("embedded Kafka ready bootstrap=127.0.0.1:{} dir={}", port, dir);
      return new EmbeddedKafka(server, port);
    } catch (Exception e) {
      throw new SetupException(
          "the embedded Kafka broker did not start in " + dir + ": " + rootMessage(e), e);
    }
  }

  /** Where clients connect, {@code host:port}. */
  public String bootstrap() {
    return "127.0.0.1:" + port;
  }

  public int port() {
    return port;
  }

  /** Stops the broker within a second or so; further calls do nothing. */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      server.shutdown();
      server.awaitShutdown();
      LOG.info("embedded Kafka stopped port={}", port);
    }
  }

  private static int freePortBeside(int port) {
    int other = Ports.free();
    return other == port ? freePortBeside(port) : other;
  }

  private static void format(Path dir) throws Exception {
    if (Files.exists(dir.resolve("meta.properties"))) {
      return;
    }
    new Formatter()
        .setPrintStream(
            new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8))
        .setClusterId(Uuid.randomUuid().toString())
        .setNodeId(NODE_ID)
        .setControllerListenerName("CONTROLLER")
        .setMetadataLogDirectory(dir.toString())
        .addDirectory(dir.toString())
        .setIgnoreFormatted(true)
        .run();
  }

  private static Properties properties(Path dir, int port, int controllerPort) {
    Properties p = new Properties();
    p.setProperty("process.roles", "broker,controller");
    p.setProperty("node.id", Integer.toString(NODE_ID));
    // Static voters: the controller's port may then differ from one start to the next.
    p.setProperty("controller.quorum.voters", NODE_ID + "@127.0.0.1:" + controllerPort);
    p.setProperty(
        "listeners", "PLAINTEXT://127.0.0.1:" + port + ",CONTROLLER://127.0.0.1:" + controllerPort);
    p.setProperty("advertised.listeners", "PLAINTEXT://127.0.0.1:" + port);
    p.setProperty("controller.listener.names", "CONTROLLER");
    p.setProperty("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT");
    p.setProperty("log.dirs", dir.toString());
    p.setProperty("auto.create.topics.enable", "false");
    p.setProperty("message.max.bytes", Integer.toString(MESSAGE_MAX_BYTES));
    p.setProperty("offsets.topic.replication.factor", "1");
    p.setProperty("offsets.topic.num.partitions", "4");
    p.setProperty("transaction.state.log.replication.factor", "1");
    p.setProperty("transaction.state.log.min.isr", "1");
    p.setProperty("transaction.state.log.num.partitions", "4");
    p.setProperty("share.coordinator.state.topic.replication.factor", "1");
    p.setProperty("share.coordinator.state.topic.min.isr", "1");
    p.setProperty("share.coordinator.state.topic.num.partitions", "1");
    p.setProperty("group.initial.rebalance.delay.ms", "0");
    p.setProperty("num.network.threads", "2");
    p.setProperty("num.io.threads", "4");
    p.setProperty("log.cleaner.dedupe.buffer.size", "8388608");
    p.setProperty("controlled.shutdown.enable", "true");
    return p;
  }

  private static void catchExits(Consumer<String> onFatal) {
    AtomicBoolean told = new AtomicBoolean();
    Exit.Procedure procedure =
        (status, message) -> {
          String why =
              "the embedded Kafka broker gave up (status "
                  + status
                  + ")"
                  + (message == null ? "" : ": " + message);
          if (told.compareAndSet(false, true)) {
            LOG.error(why);
            onFatal.accept(why);
          }
          // Kafka does not expect this call to return.
          throw new IllegalStateException(why);
        };
    Exit.setExitProcedure(procedure);
    Exit.setHaltProcedure(procedure);
  }

  static String rootMessage(Throwable e) {
    Throwable root = e;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root instanceof IOException || root.getMessage() == null
        ? root.toString()
        : root.getMessage();
  }
}

/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.topology;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.processor.internals.ProcessorRecordContext;
import org.junit.jupiter.api.Test;

class InputCoordinatesTest {
  @Test
  void coordinatesTaken_leaveStreamsWithoutTheRecordsBytes() {
    List<RecordMetadata> taken = new ArrayList<>();
    List<byte[]> before = new ArrayList<>();
    Topology topology =
        new Topology()
            .addSource("in", new ByteArrayDeserializer(), new ByteArrayDeserializer(), "t")
            .addProcessor("p", () -> new Taker(taken, before), "in");
    Properties properties = new Properties();
    properties.put(StreamsConfig.APPLICATION_ID_CONFIG, "coordinates");
    properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "none:1");
    try (TopologyTestDriver driver = new TopologyTestDriver(topology, properties)) {
      driver
          .createInputTopic("t", new ByteArraySerializer(), new ByteArraySerializer())
          .pipeInput(new byte[0], new byte[] {1, 2, 3});
    }
    // What is freed must have been there: else Streams changed and nothing is proven.
    assertThat(before).singleElement().isEqualTo(new byte[] {1, 2, 3});
    assertThat(taken)
        .singleElement()
        .isInstanceOfSatisfying(
            ProcessorRecordContext.class,
            record -> {
              assertThat(record.sourceRawValue()).isNull();
              assertThat(record.topic()).isEqualTo("t");
              assertThat(record.offset()).isZero();
            });
  }

  private static final class Taker implements Processor<byte[], byte[], Void, Void> {
    private final List<RecordMetadata> taken;
    private final List<byte[]> before;
    private ProcessorContext<Void, Void> context;

    Taker(List<RecordMetadata> taken, List<byte[]> before) {
      this.taken = taken;
      this.before = before;
    }

    @Override
    public void init(ProcessorContext<Void, Void> processorContext) {
      context = processorContext;
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
      context
          .recordMetadata()
          .map(at -> ((ProcessorRecordContext) at).sourceRawValue())
          .ifPresent(before::add);
      taken.add(InputCoordinates.take(context));
    }
  }
}

/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.ScopeSpans;
import io.opentelemetry.proto.trace.v1.Span;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.apache.kafka.common.utils.Utils;
import org.junit.jupiter.api.Test;

/** protobuf-java and Kafka's own client are the oracles. */
class OtlpOracleTest {
  private static final KeyTable KEYS =
      KeyTable.of("k0", "k1", "gen_ai.request.model", "k3", "k4", "never");

  @Property(tries = 400)
  void reader_agreesWithProtobuf(@ForAll long seed) throws Exception {
    ExportTraceServiceRequest request = RandomOtlp.request(new Random(seed));
    List<String> expected = new ArrayList<>();
    for (ResourceSpans rs : request.getResourceSpansList()) {
      for (ScopeSpans ss : rs.getScopeSpansList()) {
        for (Span s : ss.getSpansList()) {
          expected.add(RandomOtlp.describe(rs, ss, s));
        }
      }
    }
    byte[] bytes = request.toByteArray();
    byte[] padded = new byte[bytes.length + 20];
    System.arraycopy(bytes, 0, padded, 7, bytes.length);
    TraceReader reader = new TraceReader(KEYS);
    reader.reset(padded, 7, bytes.length);
    List<String> actual = new ArrayList<>();
    while (reader.next()) {
      actual.add(RandomOtlp.describe(reader));
      Span span =
          Span.parseFrom(
              Arrays.copyOfRange(
                  padded, reader.spanOffset(), reader.spanOffset() + reader.spanLength()));
      TreeMap<String, KeyValue> last = new TreeMap<>();
      span.getAttributesList().forEach(kv -> last.put(kv.getKey(), kv));
      for (int slot = 0; slot < KEYS.size(); slot++) {
        KeyValue kv = last.get(KEYS.key(slot));
        assertThat(reader.attributes().has(slot)).isEqualTo(kv != null);
        if (kv != null) {
          assertThat(reader.attributes().text(slot)).isEqualTo(RandomOtlp.text(kv.getValue()));
          assertThat(reader.attributes().longValue(slot, -7))
              .isEqualTo(kv.getValue().hasIntValue() ? kv.getValue().getIntValue() : -7);
        }
      }
    }
    assertThat(actual).isEqualTo(expected);
  }

  @Test
  void mutatedBytes_areTakenOrRefusedAsByProtobuf() throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    TraceSplitter splitter = new TraceSplitter();
    int refused = 0;
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = RandomOtlp.mutate(RandomOtlp.request(random).toByteArray(), random);
      ExportTraceServiceRequest parsed = null;
      try {
        parsed = ExportTraceServiceRequest.parseFrom(bytes);
      } catch (InvalidProtocolBufferException e) {
        refused++;
      }
      boolean taken = true;
      try {
        splitter.split(bytes, 0, bytes.length, 4, new SplitLimits(1_000_000, 900_000));
      } catch (MalformedOtlpException e) {
        taken = false;
      }
      assertThat(taken)
          .as("seed %d round %d: %s", seed, i, HexFormat.of().formatHex(bytes))
          .isEqualTo(parsed != null);
    }
    assertThat(refused).isPositive();
  }

  @Property(tries = 300)
  void split_keepsEverySpanWithItsResourceAndScope(@ForAll long seed) throws Exception {
    Random random = new Random(seed);
    ExportTraceServiceRequest request = RandomOtlp.request(random);
    byte[] bytes = request.toByteArray();
    int partitions = 1 + random.nextInt(6);
    SplitResult result =
        new TraceSplitter().split(bytes, 0, bytes.length, partitions, new SplitLimits(3000, 2000));
    List<String> expected = new ArrayList<>();
    int bad = 0;
    for (ResourceSpans rs : request.getResourceSpansList()) {
      for (ScopeSpans ss : rs.getScopeSpansList()) {
        for (Span s : ss.getSpansList()) {
          if (s.getTraceId().size() == 16
              && s.getSpanId().size() == 8
              && (s.getParentSpanId().isEmpty() || s.getParentSpanId().size() == 8)) {
            expected.add(RandomOtlp.describe(rs, ss, s));
          } else {
            bad++;
          }
        }
      }
    }
    List<String> actual = new ArrayList<>();
    int counted = 0;
    for (SplitResult.Chunk chunk : result.chunks()) {
      assertThat(chunk.value().length).isLessThanOrEqualTo(3000);
      int inChunk = 0;
      for (ResourceSpans rs :
          ExportTraceServiceRequest.parseFrom(chunk.value()).getResourceSpansList()) {
        for (ScopeSpans ss : rs.getScopeSpansList()) {
          for (Span s : ss.getSpansList()) {
            ByteBuffer id = s.getTraceId().asReadOnlyByteBuffer();
            assertThat(TracePartitioner.partition(id.getLong(), id.getLong(), partitions))
                .isEqualTo(chunk.partition());
            actual.add(RandomOtlp.describe(rs, ss, s));
            inChunk++;
          }
        }
      }
      // Chunks of one request are not all spans' bytes in one piece, but each tells its count.
      assertThat(inChunk).isEqualTo(chunk.spans());
      counted += inChunk;
    }
    assertThat(actual).containsExactlyInAnyOrderElementsOf(expected);
    assertThat(result.rejectedSpans()).isEqualTo(bad);
    assertThat(counted + bad).isEqualTo(result.spans());
    assertThat(result.rejection().isEmpty()).isEqualTo(bad == 0);
  }

  @Property
  void partition_isKafkasOwn(@ForAll long hi, @ForAll long lo) {
    byte[] key =
        (HexFormat.of().toHexDigits(hi) + HexFormat.of().toHexDigits(lo))
            .getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    assertThat(TracePartitioner.partition(hi, lo, 12))
        .isEqualTo(Utils.toPositive(Utils.murmur2(key)) % 12);
  }

  @Test
  void split_cutsTheLongestTextsOfAnOversizeSpan() throws Exception {
    Span.Builder span = RandomOtlp.span(new Random(1)).clearAttributes().clearEvents();
    span.addAttributes(RandomOtlp.attribute("big", "ä".repeat(5000)))
        .addAttributes(RandomOtlp.attribute("small", "x"));
    byte[] bytes = RandomOtlp.wrap(span).toByteArray();
    SplitResult result =
        new TraceSplitter().split(bytes, 0, bytes.length, 2, new SplitLimits(8000, 4000));
    assertThat(result.cutSpans()).isEqualTo(1);
    Span out =
        ExportTraceServiceRequest.parseFrom(result.chunks().get(0).value())
            .getResourceSpans(0)
            .getScopeSpans(0)
            .getSpans(0);
    assertThat(out.getSerializedSize()).isLessThanOrEqualTo(4000);
    assertThat(out.getAttributes(0).getValue().getStringValue())
        .startsWith("ää")
        .doesNotContain("\uFFFD");
    assertThat(out.getAttributes(2).getKey()).isEqualTo(SpanCutter.MARKER);
    assertThat(out.getAttributes(2).getValue().getStringValue()).isEqualTo("big");
  }

  @Test
  void split_handsBackTheSameBytesWhereNothingIsToDo() throws Exception {
    byte[] bytes = RandomOtlp.wrap(RandomOtlp.span(new Random(2))).toByteArray();
    assertThat(
            new TraceSplitter()
                .split(bytes, 0, bytes.length, 8, new SplitLimits(100_000, 90_000))
                .chunks()
                .get(0)
                .value())
        .isSameAs(bytes);
  }
}

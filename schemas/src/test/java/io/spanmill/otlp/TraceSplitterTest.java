/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.ArrayValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.common.v1.KeyValueList;
import io.opentelemetry.proto.resource.v1.Resource;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.ScopeSpans;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.proto.trace.v1.Status;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class TraceSplitterTest {
  private static final SplitLimits WIDE = new SplitLimits(1 << 20, 1_000_000);
  private static final ByteString TRACE =
      ByteString.copyFrom(new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16});
  private static final ByteString SPAN_ID =
      ByteString.copyFrom(new byte[] {1, 2, 3, 4, 5, 6, 7, 8});

  private final TraceSplitter splitter = new TraceSplitter();

  /** A span with the groups it came in, their children left out. */
  record Placed(ResourceSpans resource, ScopeSpans scope, Span span) {}

  @Property(tries = 300)
  void chunks_holdEverySpanOnceInItsPartitionWithItsGroups(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 16) int partitions,
      @ForAll @IntRange(min = 4_000, max = 60_000) int maxRecordBytes)
      throws Exception {
    ExportTraceServiceRequest request = RandomRequests.sound(seed, 30);
    byte[] body = request.toByteArray();
    SplitLimits limits = new SplitLimits(maxRecordBytes, maxRecordBytes - 100);
    SplitResult result = splitter.split(body, 0, body.length, partitions, limits);

    List<List<Placed>> expected = new ArrayList<>();
    List<List<Placed>> actual = new ArrayList<>();
    for (int p = 0; p < partitions; p++) {
      expected.add(new ArrayList<>());
      actual.add(new ArrayList<>());
    }
    for (Placed placed : placed(request)) {
      expected.get(partition(placed.span, partitions)).add(placed);
    }
    for (SplitResult.Chunk chunk : result.chunks()) {
      assertThat(chunk.value().length).isLessThanOrEqualTo(maxRecordBytes);
      List<Placed> inside = placed(ExportTraceServiceRequest.parseFrom(chunk.value()));
      assertThat(inside).hasSize(chunk.spans());
      actual.get(chunk.partition()).addAll(inside);
    }
    if (result.cutSpans() == 0 && result.rejectedSpans() == 0) {
      assertThat(actual).isEqualTo(expected);
    }
    assertThat(result.spans()).isEqualTo(placed(request).size());
    assertThat(result.chunks().stream().mapToInt(SplitResult.Chunk::spans).sum())
        .isEqualTo(result.spans() - result.rejectedSpans());
    assertThat(splitter.count(body, 0, body.length).spans()).isEqualTo(placed(request).size());
  }

  @Property(tries = 200)
  void unusualEncoding_splitsToTheSameSpans(@ForAll long seed) throws Exception {
    byte[] body = new WireShuffler(seed).write(RandomRequests.sound(seed, 20));
    SplitResult result = splitter.split(body, 0, body.length, 5, WIDE);
    List<Placed> all = new ArrayList<>();
    for (SplitResult.Chunk chunk : result.chunks()) {
      all.addAll(placed(ExportTraceServiceRequest.parseFrom(chunk.value())));
    }
    assertThat(all)
        .containsExactlyInAnyOrderElementsOf(placed(ExportTraceServiceRequest.parseFrom(body)));
  }

  @Test
  void mutatedBytes_areRefusedAsProtobufJavaRefusesThem() throws Exception {
    long seed = Long.getLong("mutation.seed", 20_260_102L);
    Random random = new Random(seed);
    int accepted = 0;
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = Mutations.mutate(RandomRequests.sound(seed + i / 20, 6).toByteArray(), random);
      ExportTraceServiceRequest expected = null;
      try {
        expected = ExportTraceServiceRequest.parseFrom(bytes);
      } catch (InvalidProtocolBufferException e) {
        assertThatThrownBy(() -> splitter.split(bytes, 0, bytes.length, 4, WIDE))
            .as("mutation.seed=" + seed + ", mutation " + i)
            .isInstanceOf(MalformedOtlpException.class);
        continue;
      }
      accepted++;
      SplitResult result = splitter.split(bytes, 0, bytes.length, 4, WIDE);
      List<Placed> all = new ArrayList<>();
      for (SplitResult.Chunk chunk : result.chunks()) {
        all.addAll(placed(ExportTraceServiceRequest.parseFrom(chunk.value())));
      }
      List<Placed> sound =
          placed(expected).stream().filter(placed -> isSound(placed.span)).toList();
      assertThat(all)
          .as("mutation.seed=" + seed + ", mutation " + i)
          .containsExactlyInAnyOrderElementsOf(sound);
    }
    assertThat(accepted).isBetween(2_000, 18_000);
  }

  @Test
  void oneTrace_isPassedOnWithoutACopy() throws Exception {
    byte[] body = requestOf(span().setName("a").build(), span().setName("b").build());
    SplitResult result = splitter.split(body, 0, body.length, 12, WIDE);
    assertThat(result.chunks()).hasSize(1);
    assertThat(result.chunks().get(0).value()).isSameAs(body);
    assertThat(result.chunks().get(0).spans()).isEqualTo(2);
  }

  @Test
  void concatenatedChunks_areAValidRequest() throws Exception {
    byte[] a = requestOf(span().setName("a").build());
    byte[] b = requestOf(span().setName("b").build());
    ByteArrayOutputStream both = new ByteArrayOutputStream();
    both.writeBytes(splitter.split(a, 0, a.length, 3, WIDE).chunks().get(0).value());
    both.writeBytes(splitter.split(b, 0, b.length, 3, WIDE).chunks().get(0).value());
    assertThat(placed(ExportTraceServiceRequest.parseFrom(both.toByteArray())))
        .extracting(placed -> placed.span.getName())
        .containsExactly("a", "b");
  }

  @Test
  void emptyRequests_giveNoChunks() throws Exception {
    assertThat(splitter.split(new byte[0], 0, 0, 3, WIDE).chunks()).isEmpty();
    byte[] envelopes =
        ExportTraceServiceRequest.newBuilder()
            .addResourceSpans(ResourceSpans.newBuilder().addScopeSpans(ScopeSpans.newBuilder()))
            .build()
            .toByteArray();
    assertThat(splitter.split(envelopes, 0, envelopes.length, 3, WIDE).chunks()).isEmpty();
  }

  @Test
  void badIds_rejectTheSpanOnly() throws Exception {
    byte[] body =
        requestOf(
            span().build(),
            span().setTraceId(ByteString.EMPTY).build(),
            span().setTraceId(TRACE.substring(1)).build(),
            span().setTraceId(ByteString.copyFrom(new byte[16])).build(),
            span().setSpanId(ByteString.EMPTY).build(),
            span().setSpanId(ByteString.copyFrom(new byte[8])).build(),
            span().setParentSpanId(TRACE).build(),
            span().addLinks(Span.Link.newBuilder().setTraceId(SPAN_ID).setSpanId(SPAN_ID)).build());
    SplitResult result = splitter.split(body, 0, body.length, 3, WIDE);
    assertThat(result.spans()).isEqualTo(8);
    assertThat(result.rejectedSpans()).isEqualTo(7);
    assertThat(result.rejection()).startsWith("rejected 7 of 8 spans: 1 with link to an id");
    assertThat(result.chunks().get(0).spans()).isEqualTo(1);
  }

  @Test
  void longValues_areCutToTheLimitAndNamed() throws Exception {
    Span big =
        span()
            .setName("call")
            .addAttributes(text("prompt", "가".repeat(20_000)))
            .addAttributes(text("short", "stays"))
            .addAttributes(
                KeyValue.newBuilder()
                    .setKey("nested")
                    .setValue(
                        AnyValue.newBuilder()
                            .setKvlistValue(
                                KeyValueList.newBuilder()
                                    .addValues(
                                        KeyValue.newBuilder()
                                            .setKey("inner")
                                            .setValue(
                                                AnyValue.newBuilder()
                                                    .setArrayValue(
                                                        ArrayValue.newBuilder()
                                                            .addValues(
                                                                AnyValue.newBuilder()
                                                                    .setStringValue(
                                                                        "y".repeat(30_000)))))))))
            .addEvents(
                Span.Event.newBuilder()
                    .addAttributes(text("exception.stacktrace", "z".repeat(50_000))))
            .setStatus(Status.newBuilder().setMessage("m".repeat(30_000)))
            .build();
    byte[] body = requestOf(big, span().setName("small").build());
    SplitLimits limits = new SplitLimits(1 << 20, 10_000);
    SplitResult result = splitter.split(body, 0, body.length, 3, limits);
    assertThat(result.cutSpans()).isEqualTo(1);
    assertThat(result.rejectedSpans()).isZero();
    Span cut =
        placed(ExportTraceServiceRequest.parseFrom(result.chunks().get(0).value())).get(0).span;
    assertThat(cut.getSerializedSize()).isBetween(9_000, 10_000);
    assertThat(attribute(cut, "short")).isEqualTo("stays");
    assertThat(attribute(cut, "prompt")).matches("가+");
    assertThat(cut.getEvents(0).getAttributes(0).getValue().getStringValue()).matches("z+");
    assertThat(attribute(cut, SpanCutter.MARKER))
        .isEqualTo("prompt,nested,exception.stacktrace,status.message");
    assertThat(cut.getName()).isEqualTo("call");
    assertThat(cut.getSpanId()).isEqualTo(SPAN_ID);
  }

  @Test
  void spanTooLargeEvenWhenCut_isRejected() throws Exception {
    Span.Builder many = span();
    for (int i = 0; i < 2_000; i++) {
      many.addAttributes(text("key-" + i, "v"));
    }
    byte[] body = requestOf(many.build(), span().build());
    SplitResult result = splitter.split(body, 0, body.length, 3, new SplitLimits(1 << 20, 10_000));
    assertThat(result.rejectedSpans()).isEqualTo(1);
    assertThat(result.rejection()).endsWith("bytes that cannot be cut to 10000");
  }

  @Test
  void resourceTooLargeForARecord_rejectsItsSpans() throws Exception {
    byte[] body =
        ExportTraceServiceRequest.newBuilder()
            .addResourceSpans(
                ResourceSpans.newBuilder()
                    .setResource(
                        Resource.newBuilder().addAttributes(text("huge", "h".repeat(5_000))))
                    .addScopeSpans(ScopeSpans.newBuilder().addSpans(span())))
            .build()
            .toByteArray();
    SplitResult result = splitter.split(body, 0, body.length, 3, new SplitLimits(4_000, 3_000));
    assertThat(result.rejection()).contains("resource and scope that alone take");
    assertThat(result.chunks()).isEmpty();
  }

  static boolean isSound(Span span) {
    return span.getTraceId().size() == 16
        && !span.getTraceId().equals(ByteString.copyFrom(new byte[16]))
        && span.getSpanId().size() == 8
        && !span.getSpanId().equals(ByteString.copyFrom(new byte[8]))
        && (span.getParentSpanId().isEmpty() || span.getParentSpanId().size() == 8)
        && span.getLinksList().stream()
            .allMatch(
                link ->
                    (link.getTraceId().isEmpty() || link.getTraceId().size() == 16)
                        && (link.getSpanId().isEmpty() || link.getSpanId().size() == 8));
  }

  private static int partition(Span span, int partitions) {
    return TracePartitioner.partition(
        span.getTraceId().asReadOnlyByteBuffer().getLong(0),
        span.getTraceId().asReadOnlyByteBuffer().getLong(8),
        partitions);
  }

  static List<Placed> placed(ExportTraceServiceRequest request) {
    List<Placed> all = new ArrayList<>();
    for (ResourceSpans resource : request.getResourceSpansList()) {
      for (ScopeSpans scope : resource.getScopeSpansList()) {
        for (Span span : scope.getSpansList()) {
          all.add(
              new Placed(
                  resource.toBuilder().clearScopeSpans().build(),
                  scope.toBuilder().clearSpans().build(),
                  span));
        }
      }
    }
    return all;
  }

  private static Span.Builder span() {
    return Span.newBuilder().setTraceId(TRACE).setSpanId(SPAN_ID);
  }

  private static KeyValue text(String key, String value) {
    return KeyValue.newBuilder()
        .setKey(key)
        .setValue(AnyValue.newBuilder().setStringValue(value))
        .build();
  }

  private static String attribute(Span span, String key) {
    return span.getAttributesList().stream()
        .filter(pair -> pair.getKey().equals(key))
        .map(pair -> pair.getValue().getStringValue())
        .findFirst()
        .orElseThrow();
  }

  private static byte[] requestOf(Span... spans) {
    return ExportTraceServiceRequest.newBuilder()
        .addResourceSpans(
            ResourceSpans.newBuilder()
                .addScopeSpans(ScopeSpans.newBuilder().addAllSpans(List.of(spans))))
        .build()
        .toByteArray();
  }
}

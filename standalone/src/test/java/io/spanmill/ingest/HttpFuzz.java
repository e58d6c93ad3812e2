/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest;

import com.google.protobuf.InvalidProtocolBufferException;
import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse;
import io.spanmill.codec.Topics;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.ingest.auth.Callers;
import io.spanmill.ingest.grpc.OtlpGrpcService;
import io.spanmill.ingest.http.OtlpHttpService;
import io.spanmill.ingest.publish.Publisher;
import io.spanmill.ingest.receive.Admission;
import io.spanmill.ingest.receive.IngestMetrics;
import io.spanmill.ingest.receive.Receiver;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * For any request: the receiver gives a conformant answer of the right kind, never a fault of its
 * own; what it took is in the records, readable, and the counters add up. A target of Jazzer, and
 * called by tests.
 *
 * <p>The first byte of an input chooses protocol, method and encodings, the rest is the body.
 */
public final class HttpFuzz {
  private static final int LIMIT = 16 * 1024;
  private static final List<String> TYPES =
      List.of(
          "application/x-protobuf", "application/json", "application/json; charset=utf-8", "x/y");
  private static final HttpFuzz INSTANCE = new HttpFuzz();

  private final MockProducer<byte[], byte[]> producer;
  private final Admission admission;
  private final IngestMetrics metrics;
  private final OtlpHttpService http;
  private final OtlpGrpcService grpc;
  private double producedBefore;

  private HttpFuzz() {
    Settings settings =
        Settings.of(
            Map.of(
                Keys.INGEST_MAX_BODY,
                "" + LIMIT,
                Keys.INGEST_MAX_COMPRESSED,
                "" + LIMIT,
                Keys.INGEST_LINGER_MS,
                "0"));
    Node node = new Node(1, "localhost", 9092);
    Node[] nodes = {node};
    List<PartitionInfo> partitions =
        IntStream.range(0, settings.integer(Keys.KAFKA_PARTITIONS))
            .mapToObj(p -> new PartitionInfo(Topics.SPANS, p, node, nodes, nodes))
            .toList();
    Cluster cluster = new Cluster("fuzz", List.of(node), partitions, Set.of(), Set.of());
    producer =
        new MockProducer<>(
            cluster, true, null, new ByteArraySerializer(), new ByteArraySerializer());
    admission = new Admission(64 * 1024 * 1024, 16, 1, System::nanoTime);
    metrics = new IngestMetrics(admission);
    Publisher publisher =
        new Publisher(() -> producer, new Publisher.Limits(1_000_000, 0, 5000), metrics::packed);
    Receiver receiver =
        new Receiver(settings, admission, publisher, () -> true, metrics, Runnable::run);
    Callers callers = new Callers(settings, Clock.systemUTC());
    http = new OtlpHttpService(receiver, callers);
    grpc = new OtlpGrpcService(receiver, callers);
  }

  /** Jazzer calls it before its clock runs: a server takes seconds to load. */
  public static void fuzzerInitialize() throws Exception {
    for (int choice = 0; choice < 256; choice++) {
      check(new byte[] {(byte) choice, 10, 0});
    }
  }

  /** Jazzer's entry. */
  public static void fuzzerTestOneInput(byte[] input) throws Exception {
    check(input);
  }

  static void check(byte[] input) throws Exception {
    INSTANCE.run(input);
  }

  private void run(byte[] input) throws Exception {
    int choice = input.length == 0 ? 0 : input[0] & 0xff;
    byte[] inner = input.length == 0 ? input : Arrays.copyOfRange(input, 1, input.length);
    boolean gzipHeader = (choice & 4) != 0;
    boolean gzipped = gzipHeader && (choice & 8) != 0;
    boolean byGrpc = (choice & 16) != 0;
    byte[] body = gzipped ? IngestRig.gzip(inner) : inner;
    RequestHeadersBuilder headers =
        RequestHeaders.builder(
            (choice & 0xe0) == 0xe0 ? HttpMethod.PUT : HttpMethod.POST,
            byGrpc ? OtlpGrpcService.EXPORT_PATH : "/v1/traces");
    String type = byGrpc ? "application/grpc+proto" : TYPES.get(choice & 3);
    headers.add("content-type", type);
    if (gzipHeader) {
      headers.add(byGrpc ? "grpc-encoding" : "content-encoding", "gzip");
    }
    if (byGrpc && (choice & 1) == 0) {
      body =
          ByteBuffer.allocate(5 + body.length)
              .put((byte) (gzipped ? 1 : 0))
              .putInt(body.length)
              .put(body)
              .array();
    }
    HttpRequest request = HttpRequest.of(headers.build(), HttpData.wrap(body));
    ServiceRequestContext ctx = ServiceRequestContext.of(request);
    producer.clear();
    AggregatedHttpResponse answer =
        (byGrpc ? grpc.serve(ctx, request) : http.serve(ctx, request)).aggregate().join();
    boolean success = byGrpc ? grpcAnswer(answer) : httpAnswer(answer, type);
    require(admission.bytes() == 0 && admission.requests() == 0, "something is still held");
    counters();
    boolean plainProtobuf =
        (choice & 0xe0) != 0xe0
            && (gzipped || !gzipHeader)
            && (byGrpc ? (choice & 1) == 0 : type.equals(TYPES.get(0)));
    if (plainProtobuf && body.length <= LIMIT && inner.length <= LIMIT) {
      require(success == readable(inner), "not of one mind with protobuf-java: " + answer.status());
    }
  }

  private boolean httpAnswer(AggregatedHttpResponse answer, String type) throws Exception {
    int status = answer.status().code();
    require(List.of(200, 400, 405, 413, 415).contains(status), "status " + status);
    boolean protobuf = type.equals(TYPES.get(0));
    require(
        String.valueOf(answer.contentType())
            .equals(protobuf ? "application/x-protobuf" : "application/json"),
        "answers as " + answer.contentType());
    byte[] body = answer.content().array();
    if (protobuf && status == 200) {
      ExportTraceServiceResponse.parseFrom(body);
    } else if (protobuf) {
      require(!com.google.rpc.Status.parseFrom(body).getMessage().isEmpty(), "no message");
    } else {
      require(body.length > 1 && body[0] == '{', "no JSON");
    }
    return status == 200;
  }

  private static boolean grpcAnswer(AggregatedHttpResponse answer) throws Exception {
    require(answer.status().code() == 200, "HTTP status " + answer.status());
    String code = answer.trailers().get("grpc-status", answer.headers().get("grpc-status", ""));
    require(List.of("0", "3", "8", "12").contains(code), "grpc-status " + code);
    if (code.equals("0")) {
      byte[] frame = answer.content().array();
      ExportTraceServiceResponse.parseFrom(Arrays.copyOfRange(frame, 5, frame.length));
    }
    return code.equals("0");
  }

  private void counters() throws Exception {
    double produced = metric("spanmill.ingest.spans.produced");
    double accounted =
        produced
            + metric("spanmill.ingest.spans.rejected")
            + metric("spanmill.ingest.spans.refused");
    require(metric("spanmill.ingest.spans.received") == accounted, "spans do not add up");
    require(
        metric("spanmill.ingest.requests.received") == metric("spanmill.ingest.requests"),
        "requests do not add up");
    int written = 0;
    for (ProducerRecord<byte[], byte[]> record : producer.history()) {
      written += IngestRig.spans(ExportTraceServiceRequest.parseFrom(record.value())).size();
    }
    require(produced - producedBefore == written, "counted other than written");
    producedBefore = produced;
  }

  private double metric(String name) {
    return metrics.registry().find(name).counters().stream().mapToDouble(c -> c.count()).sum();
  }

  private static boolean readable(byte[] protobuf) {
    try {
      ExportTraceServiceRequest.parseFrom(protobuf);
      return true;
    } catch (InvalidProtocolBufferException e) {
      return false;
    }
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new AssertionError(otherwise);
    }
  }
}

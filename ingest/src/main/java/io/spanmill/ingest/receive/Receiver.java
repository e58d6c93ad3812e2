/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest.receive;

import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.stream.SubscriptionOption;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.ingest.publish.Publication;
import io.spanmill.ingest.publish.Publisher;
import io.spanmill.otlp.MalformedOtlpException;
import io.spanmill.otlp.OtlpJson;
import io.spanmill.otlp.SplitLimits;
import io.spanmill.otlp.SplitResult;
import io.spanmill.otlp.TraceSplitter;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The way of a request of either protocol from its first byte to its outcome. Thread-safe. */
public final class Receiver {
  private static final Logger LOG = LoggerFactory.getLogger(Receiver.class);

  /** A span may have a resource and a scope of its own. */
  private static final int GROUPS_PER_SPAN = 2;

  /** Bodies up to this are worked on by the event loop: handing them over costs more. */
  private static final int INLINE_BYTES = 32 * 1024;

  private final TraceSplitter splitter = new TraceSplitter();
  private final OtlpJson json = new OtlpJson();
  private final BodyBuffers buffers = new BodyBuffers();
  private final Admission admission;
  private final Publisher publisher;
  private final BooleanSupplier prepared;
  private final IngestMetrics metrics;
  private final Executor workers;
  private final SplitLimits limits;
  private final int partitions;
  private final long maxWireBytes;
  private final long maxBodyBytes;
  private final int maxSpans;
  private final long timeoutMs;

  /**
   * A receiver.
   *
   * @param prepared whether the topics are there
   * @param workers takes larger bodies off the event loops; bounded by the admission of requests
   */
  public Receiver(
      Settings settings,
      Admission admission,
      Publisher publisher,
      BooleanSupplier prepared,
      IngestMetrics metrics,
      Executor workers) {
    this.admission = admission;
    this.publisher = publisher;
    this.prepared = prepared;
    this.metrics = metrics;
    this.workers = workers;
    limits = SplitLimits.of(settings);
    partitions = settings.integer(Keys.KAFKA_PARTITIONS);
    maxWireBytes = settings.longValue(Keys.INGEST_MAX_COMPRESSED);
    maxBodyBytes = settings.longValue(Keys.INGEST_MAX_BODY);
    maxSpans = settings.integer(Keys.INGEST_MAX_SPANS);
    timeoutMs = settings.longValue(Keys.INGEST_REQUEST_TIMEOUT_MS);
  }

  /**
   * Serves an export request.
   *
   * @param gzip whether the body, or in gRPC the message if flagged so, is gzip
   * @return never fails
   */
  public CompletableFuture<Outcome> receive(
      ServiceRequestContext ctx,
      HttpRequest request,
      String project,
      Protocol protocol,
      boolean gzip) {
    long startNanos = System.nanoTime();
    metrics.received(protocol);
    CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    Admission.Ticket ticket;
    try {
      ticket = admission.open(project);
    } catch (RefusedException e) {
      metrics.ended(protocol, e.outcome().kind(), System.nanoTime() - startNanos);
      return CompletableFuture.completedFuture(e.outcome());
    }
    // An identity body has to keep both limits; of a compressed one the second is kept later.
    int prefix = protocol == Protocol.GRPC ? Decoding.GRPC_PREFIX_BYTES : 0;
    long maxBytes = (gzip ? maxWireBytes : Math.min(maxWireBytes, maxBodyBytes)) + prefix;
    BodyReader reader =
        new BodyReader(buffers, ticket, maxBytes, request.headers().contentLength());
    var timer =
        ctx.eventLoop().schedule(() -> timedOut(outcome, reader), timeoutMs, TimeUnit.MILLISECONDS);
    // What is answered has been counted before.
    CompletableFuture<Outcome> counted =
        outcome.whenComplete(
            (result, none) -> {
              timer.cancel(false);
              reader.cancel();
              metrics.ended(protocol, result.kind(), System.nanoTime() - startNanos);
            });
    var unusedBody =
        reader
            .body()
            .whenComplete(
                (body, error) -> {
                  if (error != null) {
                    ticket.close();
                    outcome.complete(refusal(error));
                  } else if (body.length() <= INLINE_BYTES) {
                    work(body, project, protocol, gzip, ticket, outcome);
                  } else {
                    workers.execute(() -> work(body, project, protocol, gzip, ticket, outcome));
                  }
                });
    request.subscribe(reader, ctx.eventLoop(), SubscriptionOption.WITH_POOLED_OBJECTS);
    return counted;
  }

  /** Counts a request that was answered before its body was looked at. */
  public Outcome refused(Protocol protocol, Outcome outcome) {
    metrics.received(protocol);
    metrics.ended(protocol, outcome.kind(), 0);
    return outcome;
  }

  private static void timedOut(CompletableFuture<Outcome> outcome, BodyReader reader) {
    outcome.complete(
        reader.body().isDone()
            ? Outcome.of(Outcome.Kind.UNAVAILABLE, "no acknowledgement in time; send again")
            : Outcome.of(Outcome.Kind.SLOW_SENDER, "the body did not arrive in time"));
  }

  private void work(
      Payload body,
      String project,
      Protocol protocol,
      boolean gzip,
      Admission.Ticket ticket,
      CompletableFuture<Outcome> outcome) {
    boolean handedOver = false;
    try {
      if (outcome.isDone()) {
        return;
      }
      if (!prepared.getAsBoolean()) {
        end(
            ticket,
            outcome,
            Outcome.of(Outcome.Kind.UNAVAILABLE, "Kafka is not reachable yet; send again"));
        return;
      }
      Payload plain = plain(body, protocol, gzip, ticket);
      refuseTooMany(plain);
      SplitResult split =
          splitter.split(plain.bytes(), plain.offset(), plain.length(), partitions, limits);
      if (split.chunks().stream().noneMatch(chunk -> chunk.value() == body.bytes())) {
        buffers.give(body.bytes());
      }
      metrics.spans(split.spans(), split.rejectedSpans(), split.cutSpans());
      try {
        chargeAdded(split, plain, ticket);
      } catch (RefusedException e) {
        metrics.refused(split.spans() - split.rejectedSpans());
        throw e;
      }
      handedOver = true;
      var unusedAnswer =
          publisher
              .publish(project, split.chunks())
              .whenComplete(
                  (publication, none) -> {
                    metrics.produced(publication.acknowledgedSpans());
                    metrics.refused(publication.failedSpans());
                    end(ticket, outcome, outcomeOf(split, publication));
                  });
    } catch (RefusedException e) {
      end(ticket, outcome, e.outcome());
    } catch (MalformedOtlpException e) {
      end(ticket, outcome, Outcome.of(Outcome.Kind.MALFORMED, "no OTLP traces: " + e.getMessage()));
    } catch (RuntimeException | StackOverflowError e) {
      LOG.error("request failed protocol={} bytes={}", protocol.label(), body.length(), e);
      end(ticket, outcome, Outcome.of(Outcome.Kind.FAILED, "internal error; send again"));
    } finally {
      if (!handedOver) {
        ticket.close();
      }
    }
  }

  /** Room first: whoever gets the answer may send again at once. */
  private static void end(
      Admission.Ticket ticket, CompletableFuture<Outcome> outcome, Outcome result) {
    ticket.close();
    outcome.complete(result);
  }

  /** The request as plain protobuf. */
  private Payload plain(Payload body, Protocol protocol, boolean gzip, Admission.Ticket ticket)
      throws RefusedException, MalformedOtlpException {
    Payload plain;
    if (protocol == Protocol.GRPC) {
      plain = Decoding.grpcMessage(body, gzip, maxBodyBytes, ticket);
    } else {
      plain = gzip && body.length() > 0 ? Decoding.gunzip(body, maxBodyBytes, ticket) : body;
    }
    metrics.bytes(body.length(), plain.length());
    if (plain.length() > maxBodyBytes) {
      throw new RefusedException(
          Outcome.Kind.TOO_LARGE, "the body is larger than " + maxBodyBytes + " bytes");
    }
    if (protocol != Protocol.HTTP_JSON || plain.length() == 0) {
      return plain;
    }
    ticket.charge(plain.length());
    OtlpJson.Encoded proto = json.encode(plain.bytes(), plain.offset(), plain.length());
    ticket.release(plain.chargedBytes());
    return new Payload(proto.bytes(), 0, proto.length(), plain.length());
  }

  /**
   * Before anything is kept of a request: a note of a span or group is larger than the least one.
   */
  private void refuseTooMany(Payload plain) throws RefusedException, MalformedOtlpException {
    if (plain.length() / 2 <= maxSpans) {
      return;
    }
    TraceSplitter.Parts parts = splitter.count(plain.bytes(), plain.offset(), plain.length());
    if (parts.spans() > maxSpans || parts.groups() / GROUPS_PER_SPAN > maxSpans) {
      metrics.spans(parts.spans(), 0, 0);
      metrics.refused(parts.spans());
      throw new RefusedException(
          Outcome.Kind.TOO_LARGE,
          "the request has "
              + parts.spans()
              + " spans in "
              + parts.groups()
              + " groups; at most "
              + maxSpans
              + " spans may come at one time");
    }
  }

  /** Charges for the bytes that repeating resources and scopes added. */
  private static void chargeAdded(SplitResult split, Payload plain, Admission.Ticket ticket)
      throws RefusedException {
    if (split.excessBytes() > 0) {
      throw new RefusedException(
          Outcome.Kind.TOO_LARGE,
          "split by trace it would take "
              + split.excessBytes()
              + " bytes, as its resources and scopes stand around spans of many traces: send smaller"
              + " resource attributes or fewer traces at one time");
    }
    long written = 0;
    for (SplitResult.Chunk chunk : split.chunks()) {
      written += chunk.value().length;
    }
    if (written > plain.length()) {
      ticket.charge(written - plain.length());
    }
  }

  private static Outcome outcomeOf(SplitResult split, Publication publication) {
    Throwable failure = publication.failure();
    if (failure != null) {
      LOG.debug("not acknowledged", failure);
      return Outcome.of(Outcome.Kind.UNAVAILABLE, "Kafka did not acknowledge; send again");
    }
    if (split.rejectedSpans() > 0) {
      return new Outcome(Outcome.Kind.PARTIAL, split.rejection(), split.rejectedSpans());
    }
    if (split.cutSpans() > 0) {
      return new Outcome(
          Outcome.Kind.PARTIAL,
          split.cutSpans() + " spans were too large: their longest attribute values are cut",
          0);
    }
    return Outcome.of(Outcome.Kind.ACCEPTED, "");
  }

  private static Outcome refusal(@Nullable Throwable error) {
    if (error instanceof RefusedException refused) {
      return refused.outcome();
    }
    return Outcome.of(Outcome.Kind.CANCELLED, "the sender went away");
  }
}

/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.dedup;

import io.spanmill.codec.DedupEntry;
import io.spanmill.codec.PackedWriter;
import io.spanmill.model.Layer;
import io.spanmill.model.NormalizedSpan;
import java.nio.ByteBuffer;
import java.security.DigestException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * Computes what identifies a span and the attempt it tells of. Hashes are halves of SHA-256: one
 * project's sender cannot make up spans that pass for another's. Not thread-safe.
 *
 * <ul>
 *   <li>Span: project, trace id, span id.
 *   <li>Attempt in the gateway layers: project, trace, layer, call id, response id, outcome.
 *       Without either id a span has no attempt but itself.
 *   <li>Attempt in the client layers: project, trace, layer, model, tokens in and out, outcome; the
 *       ids are compared apart, since a framework's span around an SDK's often has none.
 *   <li>Engine: the span alone.
 * </ul>
 */
final class SpanIdentity {
  /** The ids agree where the hashes do. */
  private static final int IDS_IN_HASH = 1;

  private static final int HASH_BYTES = 32;

  private final MessageDigest sha256;
  private final PackedWriter bytes = new PackedWriter(256);
  private final byte[] hash = new byte[HASH_BYTES];
  private final ByteBuffer hashInOrder = ByteBuffer.wrap(hash);

  SpanIdentity() {
    try {
      sha256 = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform must offer SHA-256", e);
    }
  }

  /** Fills in the span, and its attempt as that layer tells attempts apart. */
  void of(NormalizedSpan span, Layer layer, DedupEntry into) {
    span(span, into);
    attempt(span, layer, into);
  }

  private void span(NormalizedSpan span, DedupEntry into) {
    bytes.clear();
    bytes.text(span.project);
    bytes.fixed64(span.traceIdHi);
    bytes.fixed64(span.traceIdLo);
    bytes.fixed64(span.spanId);
    into.spanHash = digest();
    into.spanBits = fold(span.spanId);
    into.parentBits = fold(span.parentSpanId);
    into.startMicros = (int) Math.floorDiv(span.startEpochNanos, 1000L);
    into.endMicros = (int) Math.floorDiv(span.endEpochNanos, 1000L);
  }

  private void attempt(NormalizedSpan span, Layer layer, DedupEntry into) {
    boolean hasId = !span.callId.isEmpty() || !span.responseId.isEmpty();
    boolean client = layer == Layer.CLIENT || layer == Layer.DIRECT;
    into.attemptHash = 0;
    into.idBits = 0;
    if (layer == Layer.ENGINE || (!hasId && !(client && span.hasUsage()))) {
      return;
    }
    bytes.clear();
    bytes.text(span.project);
    bytes.fixed64(span.traceIdHi);
    bytes.fixed64(span.traceIdLo);
    bytes.u8(layer.ordinal());
    bytes.u8(span.failed ? 1 : 0);
    if (client) {
      bytes.text(span.model);
      bytes.zigzag(
          Math.max(0, span.inputTokens)
              + Math.max(0, span.cacheReadTokens)
              + Math.max(0, span.cacheWriteTokens));
      bytes.zigzag(Math.max(0, span.outputTokens) + Math.max(0, span.reasoningTokens));
    } else {
      bytes.text(span.callId);
      bytes.text(span.responseId);
    }
    into.attemptHash = digest();
    if (!client) {
      into.idBits = IDS_IN_HASH;
    } else if (hasId) {
      bytes.clear();
      bytes.text(span.callId);
      bytes.text(span.responseId);
      into.idBits = (int) digest() | 1;
    }
  }

  private long digest() {
    bytes.addTo(sha256);
    try {
      sha256.digest(hash, 0, hash.length);
    } catch (DigestException e) {
      throw new IllegalStateException("SHA-256 does not fit into its own length", e);
    }
    return hashInOrder.getLong(0);
  }

  private static int fold(long id) {
    return (int) (id ^ id >>> 32);
  }
}

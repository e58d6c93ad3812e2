/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest.receive;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpObject;
import io.netty.buffer.ByteBuf;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;

/**
 * Collects a body as it was sent. Memory grows with what really arrived, never with what a header
 * promised, and is charged before it is allocated; only an array that is there anyway is taken by
 * what was promised. Used by the event loop of its request.
 */
final class BodyReader implements Subscriber<HttpObject> {
  private final BodyBuffers buffers;
  private final Admission.Ticket ticket;
  private final long maxBytes;
  private final int expected;
  private final CompletableFuture<Payload> body = new CompletableFuture<>();
  private @Nullable Subscription subscription;
  private byte[] buffer = new byte[0];
  private int size;

  /** How much of the buffer may be filled: all of one made for this body, less of a kept one. */
  private int charged;

  /**
   * A reader.
   *
   * @param expectedBytes what Content-Length says, or -1
   */
  BodyReader(BodyBuffers buffers, Admission.Ticket ticket, long maxBytes, long expectedBytes) {
    this.buffers = buffers;
    this.ticket = ticket;
    this.maxBytes = maxBytes;
    this.expected = (int) Math.max(0, Math.min(expectedBytes, maxBytes));
  }

  CompletableFuture<Payload> body() {
    return body;
  }

  void cancel() {
    Subscription current = subscription;
    if (current != null) {
      current.cancel();
    }
    body.completeExceptionally(
        new RefusedException(Outcome.Kind.CANCELLED, "the request has ended"));
  }

  @Override
  public void onSubscribe(Subscription s) {
    subscription = s;
    s.request(Long.MAX_VALUE);
  }

  @Override
  public void onNext(HttpObject object) {
    if (!(object instanceof HttpData data)) {
      return;
    }
    try (data) {
      if (body.isDone()) {
        return;
      }
      int length = data.length();
      if (size + (long) length > maxBytes) {
        fail(
            new RefusedException(
                Outcome.Kind.TOO_LARGE, "the body is larger than " + maxBytes + " bytes as sent"));
        return;
      }
      grow(size + length);
      ByteBuf bytes = data.byteBuf();
      bytes.getBytes(bytes.readerIndex(), buffer, size, length);
      size += length;
    } catch (RefusedException e) {
      fail(e);
    }
  }

  @Override
  public void onError(Throwable t) {
    body.completeExceptionally(
        new RefusedException(Outcome.Kind.CANCELLED, "the sender went away"));
  }

  @Override
  public void onComplete() {
    body.complete(new Payload(buffer, 0, size, charged));
  }

  private void fail(RefusedException e) {
    body.completeExceptionally(e);
    Subscription current = subscription;
    if (current != null) {
      current.cancel();
    }
  }

  private void grow(int needed) throws RefusedException {
    if (needed <= charged) {
      return;
    }
    long doubled = Math.max(BodyBuffers.LEAST_BYTES, 2L * charged);
    int wanted = (int) Math.max(needed, Math.min(doubled, maxBytes));
    if (expected >= needed) {
      wanted = Math.min(wanted, expected);
    }
    if (wanted <= buffer.length) {
      ticket.charge(wanted - charged);
      charged = wanted;
      return;
    }
    byte[] next = kept(wanted);
    if (next == null) {
      // A small body of known length is best read into an array of that length.
      boolean exact = expected < BodyBuffers.LEAST_BYTES && expected >= needed;
      if (!exact && wanted <= BodyBuffers.LARGEST_BYTES) {
        int keepable = BodyBuffers.sizeFor(wanted);
        wanted = keepable <= maxBytes ? keepable : wanted;
      }
      ticket.charge(wanted);
      next = new byte[wanted];
    } else {
      ticket.charge(wanted);
    }
    // Both are alive while one is copied into the other.
    System.arraycopy(buffer, 0, next, 0, size);
    buffers.give(buffer);
    ticket.release(charged);
    buffer = next;
    charged = wanted;
  }

  private byte @Nullable [] kept(int wanted) {
    if (Math.max(wanted, expected) < BodyBuffers.LEAST_BYTES) {
      return null;
    }
    byte[] whole = expected > wanted ? buffers.poll(expected) : null;
    return whole == null ? buffers.poll(wanted) : whole;
  }
}

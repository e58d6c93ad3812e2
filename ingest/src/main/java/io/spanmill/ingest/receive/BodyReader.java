/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest.receive;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpObject;
import io.netty.buffer.ByteBuf;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;

/**
 * Collects a body as it was sent. Memory grows with what really arrived, never with what a header
 * promised, and is charged before it is allocated. Used by the event loop of its request.
 */
final class BodyReader implements Subscriber<HttpObject> {
  private static final int FIRST_BYTES = 64 * 1024;

  private final Admission.Ticket ticket;
  private final long maxBytes;
  private final int expected;
  private final CompletableFuture<Payload> body = new CompletableFuture<>();
  private @Nullable Subscription subscription;
  private byte[] buffer = new byte[0];
  private int size;

  /**
   * A reader.
   *
   * @param expectedBytes what Content-Length says, or -1
   */
  BodyReader(Admission.Ticket ticket, long maxBytes, long expectedBytes) {
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
    body.complete(new Payload(buffer, 0, size));
  }

  private void fail(RefusedException e) {
    body.completeExceptionally(e);
    Subscription current = subscription;
    if (current != null) {
      current.cancel();
    }
  }

  private void grow(int needed) throws RefusedException {
    if (needed <= buffer.length) {
      return;
    }
    long wanted = Math.max(needed, Math.min(Math.max(FIRST_BYTES, 2L * buffer.length), maxBytes));
    if (expected >= needed) {
      wanted = Math.min(wanted, expected);
    }
    // Both are alive while one is copied into the other.
    ticket.charge(wanted);
    int before = buffer.length;
    buffer = Arrays.copyOf(buffer, (int) wanted);
    ticket.release(before);
  }
}

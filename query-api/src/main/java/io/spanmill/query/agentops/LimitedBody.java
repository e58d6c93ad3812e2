/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.agentops;

import java.io.IOException;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/** An answer's body in memory, given up when it grows past a limit. */
final class LimitedBody implements BodySubscriber<byte[]> {
  private final BodySubscriber<byte[]> whole = BodySubscribers.ofByteArray();
  private final long maxBytes;
  private Flow.@Nullable Subscription subscription;
  private long read;

  /** More came than is taken. */
  static final class TooLarge extends IOException {
    TooLarge(long maxBytes) {
      super("more than " + maxBytes + " bytes");
    }
  }

  LimitedBody(long maxBytes) {
    this.maxBytes = maxBytes;
  }

  @Override
  public CompletionStage<byte[]> getBody() {
    return whole.getBody();
  }

  @Override
  public void onSubscribe(Flow.Subscription begun) {
    subscription = begun;
    whole.onSubscribe(begun);
  }

  @Override
  public void onNext(List<ByteBuffer> part) {
    part.forEach(b -> read += b.remaining());
    if (read > maxBytes) {
      if (subscription != null) {
        subscription.cancel();
      }
      whole.onError(new TooLarge(maxBytes));
      return;
    }
    whole.onNext(part);
  }

  @Override
  public void onError(Throwable failure) {
    whole.onError(failure);
  }

  @Override
  public void onComplete() {
    if (read <= maxBytes) {
      whole.onComplete();
    }
  }
}

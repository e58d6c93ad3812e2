/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest.receive;

import com.linecorp.armeria.server.ServiceRequestContext;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.AttributeKey;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Closes connections over the limit, and those that trickle a request's head: from a connection's
 * opening, and in plain HTTP/1 from the first byte of each later request, to the end of the head at
 * most the request timeout may pass. Later heads in HTTP/2 and TLS are bounded by the idle timeout
 * and the header limits. Also counts those that the server closed for idleness. One instance a
 * connection.
 */
public final class ConnectionGuard extends ChannelInboundHandlerAdapter {
  private static final AttributeKey<ConnectionGuard> KEY =
      AttributeKey.valueOf(ConnectionGuard.class, "guard");

  private final AtomicInteger open;
  private final int maxOpen;
  private final long timeoutMs;
  private final long idleMs;
  private final IngestMetrics metrics;
  private @Nullable Channel channel;
  private @Nullable Future<?> deadline;
  private int active;
  private boolean headsToldApart;
  private boolean first = true;

  /** When the last request ended; 0 before. */
  private long quietSinceNanos;

  /**
   * A guard.
   *
   * @param open counts the connections of one port
   * @param idleMs after how long the server closes an idle connection
   */
  public ConnectionGuard(
      AtomicInteger open, int maxOpen, long timeoutMs, long idleMs, IngestMetrics metrics) {
    this.open = open;
    this.maxOpen = maxOpen;
    this.timeoutMs = timeoutMs;
    this.idleMs = idleMs;
    this.metrics = metrics;
  }

  /** Tells the connection's guard of a request whose head is complete; on the event loop. */
  public static void requestBegan(ServiceRequestContext ctx) {
    Channel channel = ctx.log().partial().channel();
    ConnectionGuard guard = channel == null ? null : channel.attr(KEY).get();
    if (guard != null) {
      guard.began();
      var unused =
          ctx.log().whenComplete().thenRun(() -> channel.eventLoop().execute(guard::ended));
    }
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    channel = ctx.channel();
    ctx.channel().attr(KEY).set(this);
    int now = open.incrementAndGet();
    ctx.channel().closeFuture().addListener(done -> open.decrementAndGet());
    if (now > maxOpen) {
      metrics.connectionRefused();
      var unused = ctx.close();
    } else {
      arm();
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    if (first && message instanceof ByteBuf bytes && bytes.isReadable()) {
      first = false;
      // An HTTP/1 method; a TLS record begins with 0x16, HTTP/2's preface with PRI.
      int c = bytes.getByte(bytes.readerIndex());
      headsToldApart = c >= 'A' && c <= 'Z' && !startsWithPri(bytes);
    }
    if (headsToldApart && active == 0 && deadline == null) {
      arm();
    }
    ctx.fireChannelRead(message);
  }

  private static boolean startsWithPri(ByteBuf bytes) {
    int at = bytes.readerIndex();
    return bytes.readableBytes() >= 3
        && bytes.getByte(at) == 'P'
        && bytes.getByte(at + 1) == 'R'
        && bytes.getByte(at + 2) == 'I';
  }

  private void arm() {
    Channel guarded = channel;
    if (guarded != null) {
      deadline =
          guarded.eventLoop().schedule(() -> expire(guarded), timeoutMs, TimeUnit.MILLISECONDS);
    }
  }

  private void expire(Channel guarded) {
    if (active == 0 && guarded.isActive()) {
      metrics.connectionTimedOut();
      var unused = guarded.close();
    }
  }

  private void began() {
    active++;
    Future<?> running = deadline;
    if (running != null) {
      running.cancel(false);
      deadline = null;
    }
  }

  private void ended() {
    active--;
    quietSinceNanos = System.nanoTime();
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    // The server's timer began with the last byte, a little before the request was done with.
    long idleNanos = TimeUnit.MILLISECONDS.toNanos(idleMs) * 9 / 10;
    if (active == 0 && quietSinceNanos != 0 && System.nanoTime() - quietSinceNanos >= idleNanos) {
      metrics.connectionIdle();
    }
    ctx.fireChannelInactive();
  }
}

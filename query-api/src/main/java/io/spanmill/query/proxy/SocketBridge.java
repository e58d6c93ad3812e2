/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.proxy;

import java.nio.ByteBuffer;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.websocket.api.Callback;
import org.eclipse.jetty.websocket.api.Session;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The upstream's end of a WebSocket, joined to the client's: whole messages go over one at a time,
 * so that a slow reader slows the writer on the other side down. Messages of either end may come on
 * any thread, those of one end in order. Public because Jetty looks for its methods by reflection.
 */
public final class SocketBridge implements Session.Listener {
  private static final Logger LOG = LoggerFactory.getLogger(SocketBridge.class);
  private static final long SEND_TIMEOUT_MS = 30_000;
  private static final int NORMAL = 1000;
  private static final int INTERNAL_ERROR = 1011;
  private static final int FIRST_OF_APPLICATION = 3000;
  private static final int AFTER_APPLICATION = 5000;

  private final Runnable whenClosed;
  private volatile @Nullable Session upstream;
  private volatile @Nullable Session client;

  /**
   * @param whenClosed run once the upstream's end is closed
   */
  SocketBridge(Runnable whenClosed) {
    this.whenClosed = whenClosed;
  }

  @Override
  public void onWebSocketOpen(Session session) {
    upstream = session;
  }

  /** The client's end is open: what the upstream sends may come. */
  void join(Session session) {
    client = session;
    Session up = upstream;
    if (up == null || !up.isOpen()) {
      session.close(INTERNAL_ERROR, "the upstream closed", Callback.NOOP);
    } else {
      up.demand();
    }
  }

  @Override
  public void onWebSocketText(String message) {
    Session to = client;
    if (to != null) {
      to.sendText(message, Callback.from(this::more, this::broken));
    }
  }

  @Override
  public void onWebSocketBinary(ByteBuffer payload, Callback callback) {
    Session to = client;
    if (to == null) {
      callback.succeed();
      return;
    }
    to.sendBinary(
        payload,
        Callback.from(
            () -> {
              callback.succeed();
              more();
            },
            e -> {
              callback.fail(e);
              broken(e);
            }));
  }

  @Override
  public void onWebSocketClose(int code, String reason, Callback callback) {
    Session to = client;
    if (to != null && to.isOpen()) {
      to.close(sendable(code), reason, Callback.NOOP);
    }
    whenClosed.run();
    callback.succeed();
  }

  @Override
  public void onWebSocketError(Throwable cause) {
    LOG.debug("WebSocket to the upstream failed", cause);
  }

  /** A message of the client; returns when the upstream's socket has taken it. */
  void toUpstream(String message) {
    Session up = upstream;
    if (up != null) {
      Callback.Completable sent = new Callback.Completable();
      up.sendText(message, sent);
      await(sent);
    }
  }

  void toUpstream(ByteBuffer message) {
    Session up = upstream;
    if (up != null) {
      Callback.Completable sent = new Callback.Completable();
      up.sendBinary(message, sent);
      await(sent);
    }
  }

  /** The client's end is closed. */
  void closeUpstream(int code, @Nullable String reason) {
    Session up = upstream;
    if (up != null && up.isOpen()) {
      up.close(sendable(code), reason, Callback.NOOP);
    }
  }

  private void await(Callback.Completable sent) {
    try {
      sent.get(SEND_TIMEOUT_MS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      broken(e);
    } catch (ExecutionException | TimeoutException e) {
      broken(e);
    }
  }

  private void more() {
    Session up = upstream;
    if (up != null && up.isOpen()) {
      up.demand();
    }
  }

  private void broken(Throwable cause) {
    LOG.debug("WebSocket broke", cause);
    for (Session end : new Session[] {client, upstream}) {
      if (end != null && end.isOpen()) {
        end.close(INTERNAL_ERROR, "the other end is gone", Callback.NOOP);
      }
    }
  }

  /** Codes that only stand for what happened must not be sent. */
  private static int sendable(int code) {
    boolean ok =
        (code >= NORMAL && code <= 1003)
            || (code >= 1007 && code <= 1014)
            || (code >= FIRST_OF_APPLICATION && code < AFTER_APPLICATION);
    return ok ? code : code == 1005 ? NORMAL : INTERNAL_ERROR;
  }
}

/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.proxy;

import static io.spanmill.query.proxy.ProxyRig.ONE_PROJECT;
import static io.spanmill.query.proxy.ProxyRig.READER;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** WebSockets through the proxies, before a real server. */
final class ProxyWebSocketTest {
  private UpstreamServer upstream;
  private ProxyRig rig;

  @BeforeEach
  void start() {
    upstream = new UpstreamServer();
    rig = new ProxyRig(upstream, Map.of());
  }

  @AfterEach
  void stop() {
    rig.close();
    upstream.close();
  }

  @Test
  void webSocket_passesMessagesAndCloseCodes() throws Exception {
    Messages messages = new Messages();
    WebSocket socket =
        rig.client
            .newWebSocketBuilder()
            .header("X-API-Key", READER)
            .header("Origin", "http://127.0.0.1:" + rig.port())
            .header("Cookie", "spanmill_session=secret; grafana_session=theirs")
            .buildAsync(rig.ws("/api/live/ws?x=1"), messages)
            .get(60, TimeUnit.SECONDS);
    assertThat(messages.text.poll(60, TimeUnit.SECONDS)).isEqualTo("hello");
    socket.sendText("one", true).get(60, TimeUnit.SECONDS);
    assertThat(messages.text.poll(60, TimeUnit.SECONDS)).isEqualTo("echo one");
    String large = "x".repeat(200_000);
    socket.sendText(large, true).get(60, TimeUnit.SECONDS);
    assertThat(messages.text.poll(60, TimeUnit.SECONDS)).isEqualTo("echo " + large);
    socket.sendBinary(ByteBuffer.wrap(new byte[] {1, 2, 3}), true).get(60, TimeUnit.SECONDS);
    assertThat(messages.binary.poll(60, TimeUnit.SECONDS)).containsExactly(1, 2, 3);
    Map<String, String> told = upstream.seen.poll(60, TimeUnit.SECONDS);
    assertThat(told)
        .containsEntry("Cookie", "grafana_session=theirs")
        .containsEntry("Origin", "http://127.0.0.1:" + upstream.port());
    assertThat(told.values()).noneMatch(v -> v.contains(READER) || v.contains("secret"));
    socket.sendText("bye", true).get(60, TimeUnit.SECONDS);
    assertThat(messages.closed.poll(60, TimeUnit.SECONDS)).isEqualTo("4001 as asked");

    Messages others = new Messages();
    WebSocket leaving =
        rig.client
            .newWebSocketBuilder()
            .header("X-API-Key", READER)
            .buildAsync(rig.ws("/api/live/ws"), others)
            .get(60, TimeUnit.SECONDS);
    assertThat(others.text.poll(60, TimeUnit.SECONDS)).isEqualTo("hello");
    upstream.closed.clear();
    leaving.sendClose(1000, "done").get(60, TimeUnit.SECONDS);
    assertThat(upstream.closed.poll(60, TimeUnit.SECONDS)).isEqualTo("1000 done");
  }

  @Test
  void webSocket_ofStrangersOrRefused_isNotOpened() {
    assertThat(handshake("/api/live/ws", null, null)).isEqualTo(401);
    assertThat(handshake("/api/live/ws", ONE_PROJECT, null)).isEqualTo(403);
    assertThat(handshake("/api/live/ws", READER, "http://evil.example.org")).isEqualTo(403);
    assertThat(handshake("/forbidden/ws", READER, null)).isEqualTo(403);
    assertThat(handshake("/no/such/ws", READER, null)).isEqualTo(404);
  }

  private int handshake(String path, String key, String origin) {
    WebSocket.Builder builder = rig.client.newWebSocketBuilder();
    if (key != null) {
      builder.header("X-API-Key", key);
    }
    if (origin != null) {
      builder.header("Origin", origin);
    }
    try {
      builder.buildAsync(rig.ws(path), new Messages()).join().abort();
      return 101;
    } catch (CompletionException e) {
      return ((WebSocketHandshakeException) e.getCause()).getResponse().statusCode();
    }
  }

  private static final class Messages implements WebSocket.Listener {
    final BlockingQueue<String> text = new LinkedBlockingQueue<>();
    final BlockingQueue<byte[]> binary = new LinkedBlockingQueue<>();
    final BlockingQueue<String> closed = new LinkedBlockingQueue<>();
    private final StringBuilder part = new StringBuilder();

    @Override
    public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
      part.append(data);
      if (last) {
        text.add(part.toString());
        part.setLength(0);
      }
      socket.request(1);
      return null;
    }

    @Override
    public CompletionStage<?> onBinary(WebSocket socket, ByteBuffer data, boolean last) {
      byte[] bytes = new byte[data.remaining()];
      data.get(bytes);
      binary.add(bytes);
      socket.request(1);
      return null;
    }

    @Override
    public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
      closed.add(code + " " + reason);
      return null;
    }
  }
}

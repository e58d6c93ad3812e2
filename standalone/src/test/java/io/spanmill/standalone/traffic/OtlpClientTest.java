/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.traffic;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.rpc.Status;
import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class OtlpClientTest {
  @Test
  void refusals_areToldInTheReceiversWords_inAnyEncoding() throws Exception {
    AtomicReference<byte[]> answer = new AtomicReference<>();
    HttpServer receiver = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    receiver.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(400, answer.get().length);
          exchange.getResponseBody().write(answer.get());
          exchange.close();
        });
    receiver.start();
    try {
      URI at = URI.create("http://127.0.0.1:" + receiver.getAddress().getPort());
      OtlpClient client = new OtlpClient(at, null, false);
      answer.set(Status.newBuilder().setCode(3).setMessage("no traces").build().toByteArray());
      assertThat(message(client)).isEqualTo("no traces");
      answer.set("{\"message\":\"no\"}".getBytes(StandardCharsets.UTF_8));
      assertThat(message(client)).isEqualTo("{\"message\":\"no\"}");
      answer.set(new byte[] {(byte) 0xff, 1, 2});
      assertThat(message(client)).isEmpty();
    } finally {
      receiver.stop(0);
    }
  }

  private static String message(OtlpClient client) {
    OtlpClient.Result result = client.send(new OtlpBody(new byte[] {1}, false)).join();
    assertThat(result.status()).isEqualTo(400);
    return result.message();
  }
}

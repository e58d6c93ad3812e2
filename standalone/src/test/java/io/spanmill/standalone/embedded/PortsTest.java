/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.ServerSocket;
import org.junit.jupiter.api.Test;

class PortsTest {
  @Test
  void freePort_canBeListenedOn_andIsNoneOfThoseOfOutgoingConnections() throws Exception {
    int port = Ports.free();

    assertThat(port).isBetween(1024, 32_767);
    try (ServerSocket taken = new ServerSocket(port, 1, InetAddress.getByName("127.0.0.1"))) {
      assertThat(taken.getLocalPort()).isEqualTo(port);
      assertThatThrownBy(() -> Ports.choose(port, "kafka.port"))
          .isInstanceOf(SetupException.class)
          .hasMessageStartingWith("port " + port + " on 127.0.0.1 is taken")
          .hasMessageContaining("kafka.port");
    }
    assertThat(Ports.choose(port, "kafka.port")).isEqualTo(port);
  }
}

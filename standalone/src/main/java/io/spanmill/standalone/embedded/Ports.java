/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.embedded;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;

/** Ports on loopback: finding a free one, and telling early that one is taken. */
public final class Ports {
  /**
   * Where free ones are looked for first: below those that systems give to outgoing connections
   * (Linux from 32768 on, others from 49152 on). One of these may have become somebody's between
   * being found free and being listened on, which takes a broker a second or two.
   */
  private static final int FREE_FROM = 20_000;

  private static final int FREE_TO = 32_000;
  private static final int ATTEMPTS = 100;

  private Ports() {}

  /** A free port for somebody who starts to listen on it soon. */
  public static int free() {
    return choose(0, "");
  }

  /**
   * A port to listen on.
   *
   * @param wanted 0 for any free port, else the port itself
   * @param setting name of the setting that chose it, for the message
   * @throws SetupException if the wanted port is taken
   */
  public static int choose(int wanted, String setting) {
    return choose("127.0.0.1", wanted, setting);
  }

  /** As {@link #choose(int, String)}, on another address. */
  public static int choose(String address, int wanted, String setting) {
    try {
      for (int i = 0; wanted == 0 && i < ATTEMPTS; i++) {
        int port = ThreadLocalRandom.current().nextInt(FREE_FROM, FREE_TO);
        if (isFree(address, port)) {
          return port;
        }
      }
      return bind(address, wanted);
    } catch (IOException e) {
      throw taken(address, wanted, setting, e);
    }
  }

  private static boolean isFree(String address, int port) throws IOException {
    try {
      bind(address, port);
      return true;
    } catch (BindException e) {
      return false;
    }
  }

  private static int bind(String address, int port) throws IOException {
    // Set as Kafka and ClickHouse set it: without it a port in TIME_WAIT would look taken.
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(InetAddress.getByName(address), port));
      return socket.getLocalPort();
    }
  }

  static SetupException taken(String address, int port, String setting, IOException cause) {
    String why = String.valueOf(cause.getMessage()).toLowerCase(Locale.ROOT);
    if (why.contains("permission")) {
      return new SetupException(
          "port "
              + port
              + " needs more rights than this user has; choose another with "
              + setting
              + "=PORT",
          cause);
    }
    if (why.contains("in use") || why.contains("bind")) {
      return new SetupException(
          "port "
              + port
              + " on "
              + address
              + " is taken; stop what listens there, or set "
              + setting
              + " to another port (0 takes any free one)",
          cause);
    }
    return new SetupException(
        "cannot listen on " + address + ":" + port + " (" + setting + "): " + cause.getMessage(),
        cause);
  }
}

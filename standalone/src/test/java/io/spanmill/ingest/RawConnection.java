/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;

/** A connection over which a sender can misbehave. */
final class RawConnection implements AutoCloseable {
  private static final int LIMIT_MS = 60_000;

  private final Socket socket;

  RawConnection(int port) {
    try {
      socket = new Socket(InetAddress.getLoopbackAddress(), port);
      socket.setSoTimeout(LIMIT_MS);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  RawConnection send(String text) {
    return send(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  RawConnection send(byte[] bytes) {
    try {
      socket.getOutputStream().write(bytes);
      socket.getOutputStream().flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return this;
  }

  /** The head of an export request that is longer than what follows. */
  RawConnection head(int contentLength, String... headers) {
    StringBuilder head =
        new StringBuilder("POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: ")
            .append(IngestRig.PROTOBUF)
            .append("\r\nContent-Length: ")
            .append(contentLength)
            .append("\r\n");
    for (int i = 0; i < headers.length; i += 2) {
      head.append(headers[i]).append(": ").append(headers[i + 1]).append("\r\n");
    }
    return send(head.append("\r\n").toString());
  }

  /** All that comes until the other side closes or the answer's head and body are there. */
  String answer() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      int next;
      while ((next = socket.getInputStream().read()) >= 0) {
        out.write(next);
        String text = out.toString(StandardCharsets.ISO_8859_1);
        int end = text.indexOf("\r\n\r\n");
        if (end > 0) {
          int length = text.toLowerCase(java.util.Locale.ROOT).indexOf("content-length: ");
          int body =
              length < 0
                  ? 0
                  : Integer.parseInt(
                      text.substring(length + 16, text.indexOf("\r\n", length)).trim());
          if (out.size() >= end + 4 + body) {
            break;
          }
        }
      }
    } catch (SocketException closed) {
      return out.toString(StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toString(StandardCharsets.ISO_8859_1);
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

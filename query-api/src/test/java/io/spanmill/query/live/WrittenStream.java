/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.live;

import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** A stream that takes so many writes, and what was written to it. */
final class WrittenStream extends ServletOutputStream {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  int room = Integer.MAX_VALUE;
  boolean broken;

  String text() {
    return bytes.toString(StandardCharsets.US_ASCII);
  }

  @Override
  public boolean isReady() {
    return room > 0;
  }

  @Override
  public void setWriteListener(WriteListener listener) {}

  @Override
  public void write(int b) {
    bytes.write(b);
  }

  @Override
  public void write(byte[] b) throws IOException {
    if (broken) {
      throw new IOException("gone");
    }
    room--;
    bytes.writeBytes(b);
  }
}

/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest.receive;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;

/**
 * Undoes gRPC's framing and gzip, within limits: the size that the gzip trailer promises decides
 * the first allocation, the stream itself what is read, and the limit ends both.
 */
final class Decoding {
  static final int GRPC_PREFIX_BYTES = 5;

  private static final int GZIP_MIN_BYTES = 18;
  private static final int STEP_BYTES = 64 * 1024;

  /** Deflate cannot shrink by more, so a trailer that promises more lies. */
  private static final int MAX_RATIO = 1032;

  private Decoding() {}

  /**
   * The one message of a unary call.
   *
   * @param gzip whether grpc-encoding says gzip
   */
  static Payload grpcMessage(Payload body, boolean gzip, long maxBytes, Admission.Ticket ticket)
      throws RefusedException {
    if (body.length() < GRPC_PREFIX_BYTES) {
      throw new RefusedException(Outcome.Kind.MALFORMED, "the call has no message");
    }
    ByteBuffer prefix = ByteBuffer.wrap(body.bytes(), body.offset(), GRPC_PREFIX_BYTES);
    int flag = prefix.get();
    long length = prefix.getInt() & 0xffff_ffffL;
    if (length > maxBytes) {
      throw tooLarge(maxBytes);
    }
    if (length != body.length() - GRPC_PREFIX_BYTES) {
      throw new RefusedException(
          Outcome.Kind.MALFORMED,
          "the call must have exactly one message: its prefix says "
              + length
              + " bytes, "
              + (body.length() - GRPC_PREFIX_BYTES)
              + " came");
    }
    Payload message =
        new Payload(
            body.bytes(), body.offset() + GRPC_PREFIX_BYTES, (int) length, body.chargedBytes());
    if (flag == 0) {
      return message;
    }
    if (flag != 1 || !gzip) {
      throw new RefusedException(
          Outcome.Kind.MALFORMED, "compressed message without grpc-encoding: gzip");
    }
    return gunzip(message, maxBytes, ticket);
  }

  /** Inflates; the compressed array's charge is given back. */
  static Payload gunzip(Payload in, long maxBytes, Admission.Ticket ticket)
      throws RefusedException {
    if (in.length() < GZIP_MIN_BYTES) {
      throw new RefusedException(Outcome.Kind.MALFORMED, "the body is no gzip: too short");
    }
    long promised =
        ByteBuffer.wrap(in.bytes(), in.offset() + in.length() - 4, 4)
                .order(ByteOrder.LITTLE_ENDIAN)
                .getInt()
            & 0xffff_ffffL;
    long first = Math.min(Math.min(promised, (long) in.length() * MAX_RATIO), maxBytes);
    ticket.charge(first);
    byte[] out = new byte[(int) first];
    int size = 0;
    try (InputStream stream =
        new GZIPInputStream(
            new ByteArrayInputStream(in.bytes(), in.offset(), in.length()), STEP_BYTES)) {
      while (true) {
        if (size == out.length) {
          int next = stream.read();
          if (next < 0) {
            break;
          }
          out = grown(out, maxBytes, ticket);
          out[size++] = (byte) next;
        }
        int n = stream.read(out, size, out.length - size);
        if (n < 0) {
          break;
        }
        size += n;
      }
    } catch (EOFException e) {
      throw new RefusedException(Outcome.Kind.MALFORMED, "the body is no whole gzip: cut short");
    } catch (IOException e) {
      throw new RefusedException(Outcome.Kind.MALFORMED, "the body is no gzip: " + e.getMessage());
    }
    ticket.release(in.chargedBytes());
    return new Payload(out, 0, size, out.length);
  }

  /** More room, for streams of several members or with a false trailer. */
  private static byte[] grown(byte[] out, long maxBytes, Admission.Ticket ticket)
      throws RefusedException {
    if (out.length >= maxBytes) {
      throw tooLarge(maxBytes);
    }
    long wanted = Math.min(Math.max(2L * out.length, STEP_BYTES), maxBytes);
    ticket.charge(wanted);
    byte[] next = Arrays.copyOf(out, (int) wanted);
    ticket.release(out.length);
    return next;
  }

  private static RefusedException tooLarge(long maxBytes) {
    return new RefusedException(
        Outcome.Kind.TOO_LARGE, "the body is larger than " + maxBytes + " bytes when decompressed");
  }
}

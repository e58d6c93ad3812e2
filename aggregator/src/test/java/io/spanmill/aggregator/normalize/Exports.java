/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.normalize;

import io.spanmill.model.NormalizedSpan;
import io.spanmill.otlp.MalformedOtlpException;
import io.spanmill.otlp.OtlpJson;
import io.spanmill.otlp.TraceReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/** Export requests kept with the tests, and what the normaliser makes of them. */
final class Exports {
  private Exports() {}

  /** The request in that file, protobuf or JSON, as protobuf. */
  static byte[] read(String file) {
    try (InputStream in = Exports.class.getResourceAsStream("/otlp/" + file)) {
      if (in == null) {
        throw new IllegalArgumentException("no recorded export " + file);
      }
      byte[] bytes = in.readAllBytes();
      return file.endsWith(".json") ? new OtlpJson().toProtobuf(bytes, 0, bytes.length) : bytes;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (MalformedOtlpException e) {
      throw new IllegalArgumentException(file, e);
    }
  }

  /** All spans of a request, in its order, each arriving one second after its end. */
  static List<NormalizedSpan> normalize(byte[] request, NormalizerConfig config) {
    Normalizer normalizer = new Normalizer(config);
    TraceReader reader = new TraceReader(normalizer.keys());
    reader.reset(request, 0, request.length);
    List<NormalizedSpan> spans = new ArrayList<>();
    try {
      while (reader.next()) {
        NormalizedSpan out = new NormalizedSpan();
        out.arrivalMs = Math.max(0, reader.endEpochNanos()) / 1_000_000 + 1000;
        normalizer.normalize(reader, out);
        if (out.name.isEmpty()) {
          out.name = reader.name();
        }
        spans.add(out);
      }
    } catch (MalformedOtlpException e) {
      throw new IllegalArgumentException(e);
    }
    return spans;
  }

  static List<NormalizedSpan> normalize(String file) {
    return normalize(read(file), NormalizerConfig.defaults());
  }
}

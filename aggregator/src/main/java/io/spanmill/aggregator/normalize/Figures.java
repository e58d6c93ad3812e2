/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.normalize;

import static io.spanmill.aggregator.normalize.Values.NO_COUNT;

import io.spanmill.model.NormalizedSpan;

/**
 * A sender's token figures, and how they become disjoint kinds. Reused; not thread-safe.
 *
 * <p>Whether input includes what came from or went to the prompt cache, and output the reasoning,
 * is the dialect's word, unless the figures prove otherwise: a part that is larger than its whole
 * was not in it, and neither was one that the total counts beside it.
 */
final class Figures {
  /** More tokens than any call can use: an error of the sender. */
  static final long MAX_TOKENS = 1_000_000_000_000L;

  long input;
  long output;
  long total;
  long cacheRead;
  long cacheWrite;
  long cacheWrite1h;
  long reasoning;
  long audioInput;
  long audioOutput;
  boolean inputExcludesCache;

  /** The sender is known to add reads to the input, whatever it does with writes. */
  boolean inputIncludesReads;

  /** The sender is known to leave writes out of the input. */
  boolean inputExcludesWrites;

  boolean outputExcludesReasoning;
  private boolean absurd;

  void clear() {
    input = output = total = NO_COUNT;
    cacheRead = cacheWrite = cacheWrite1h = reasoning = audioInput = audioOutput = NO_COUNT;
    inputExcludesCache = inputIncludesReads = inputExcludesWrites = false;
    outputExcludesReasoning = absurd = false;
  }

  /** Whether any of the main figures is told. */
  boolean any() {
    return input != NO_COUNT || output != NO_COUNT;
  }

  /** Writes the disjoint kinds. Embeddings that tell only a total have it as input. */
  void write(NormalizedSpan out, boolean embeddings) {
    if (input == NO_COUNT && output == NO_COUNT && embeddings) {
      input = total;
    }
    input = sane(input);
    output = sane(output);
    total = sane(total);
    cacheRead = sane(cacheRead);
    cacheWrite = sane(cacheWrite);
    cacheWrite1h = sane(cacheWrite1h);
    reasoning = sane(reasoning);
    audioInput = sane(audioInput);
    audioOutput = sane(audioOutput);
    if (absurd) {
      out.flags |= NormalizedSpan.BAD_USAGE;
    }
    out.rawInputTokens = orAbsent(input);
    out.rawOutputTokens = orAbsent(output);
    out.rawTotalTokens = orAbsent(total);
    if (!any()) {
      return;
    }
    writeInput(out);
    writeOutput(out);
  }

  private void writeInput(NormalizedSpan out) {
    if (cacheWrite == NO_COUNT && cacheWrite1h != NO_COUNT) {
      cacheWrite = cacheWrite1h;
    }
    out.cacheReadTokens = orAbsent(cacheRead);
    out.cacheWriteTokens = orAbsent(cacheWrite);
    out.cacheWrite1hTokens =
        cacheWrite1h > cacheWrite ? NormalizedSpan.ABSENT : orAbsent(cacheWrite1h);
    if (input == NO_COUNT) {
      return;
    }
    long read = orZero(cacheRead);
    long cached = read + orZero(cacheWrite);
    boolean excludes = inputExcludesCache;
    if (!excludes && cached > 0) {
      excludes = cached > input || (total != NO_COUNT && total == input + cached + orZero(output));
      if (excludes) {
        out.flags |= NormalizedSpan.CORRECTED_INPUT;
      }
    }
    boolean readsOnly =
        !inputExcludesCache
            && cached > read
            && read <= input
            && (inputExcludesWrites || (excludes && inputIncludesReads));
    out.inputTokens = readsOnly ? input - read : excludes ? input : input - cached;
    if (audioInput != NO_COUNT && audioInput <= out.inputTokens) {
      out.audioInputTokens = audioInput;
    }
  }

  private void writeOutput(NormalizedSpan out) {
    out.reasoningTokens = orAbsent(reasoning);
    if (output == NO_COUNT) {
      return;
    }
    long thought = orZero(reasoning);
    boolean excludes =
        outputExcludesReasoning
            || thought > output
            || (thought > 0 && total != NO_COUNT && total == orZero(input) + output + thought);
    out.outputTokens = excludes ? output : output - thought;
    if (audioOutput != NO_COUNT && audioOutput <= out.outputTokens) {
      out.audioOutputTokens = audioOutput;
    }
  }

  private long sane(long count) {
    if (count == NO_COUNT) {
      return NO_COUNT;
    }
    if (count < 0 || count > MAX_TOKENS) {
      absurd = true;
      return NO_COUNT;
    }
    return count;
  }

  private static long orZero(long count) {
    return count == NO_COUNT ? 0 : count;
  }

  private static long orAbsent(long count) {
    return count == NO_COUNT ? NormalizedSpan.ABSENT : count;
  }
}

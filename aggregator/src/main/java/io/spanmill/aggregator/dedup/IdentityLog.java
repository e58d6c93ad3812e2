/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.dedup;

import io.spanmill.codec.DedupEntry;
import java.util.Arrays;
import java.util.List;

/**
 * The remembered identities of one partition, first in, first out, with two hash indexes over them.
 * Primitive arrays throughout: 48 bytes an entry and 8 to 16 for the indexes, nothing for the
 * collector to walk. Not thread-safe.
 *
 * <p>Entries have ever-growing positions. An index bucket holds the position of its newest entry,
 * and each entry that of the one before it in its bucket, so chains run from new to old and end at
 * the first position that is no longer kept: forgetting the oldest entry costs nothing.
 */
final class IdentityLog {
  /** Start or end that differ by no more are taken for the same instant. */
  static final int SAME_INSTANT_MICROS = 1000;

  private static final int CHUNK_BITS = 14;
  private static final int CHUNK_ENTRIES = 1 << CHUNK_BITS;
  private static final int WORDS = 6;

  // Words of an entry.
  private static final int SPAN_HASH = 0;
  private static final int ATTEMPT_HASH = 1;
  private static final int SPAN_AND_PARENT = 2;
  private static final int START_AND_END = 3;
  private static final int ID_BITS = 4;
  private static final int LINKS = 5;

  /** Chunks in a ring: that of position p is at (p / entries) modulo the length. */
  private long[][] chunks = new long[4][];

  private int[] spanBuckets = new int[1024];
  private int[] attemptBuckets = new int[1024];

  /** Position after the newest entry. Starts at 1, so that an empty bucket's 0 is not kept. */
  private long head = 1;

  /** Position of the oldest entry. */
  private long tail = 1;

  /** Of no meaning: what is read for nothing else would not be read. */
  private long unused;

  /** Entries remembered. */
  long size() {
    return head - tail;
  }

  /**
   * Reads what looking these entries up will read first. A place in the indexes is nearly always
   * far from all that was read lately; asked for together, the processor waits for them together.
   */
  void fetch(List<DedupEntry> entries, int count) {
    int bits = 0;
    for (int i = 0; i < count; i++) {
      DedupEntry e = entries.get(i);
      bits ^= spanBuckets[bucket(e.spanHash, spanBuckets)];
      bits ^= attemptBuckets[bucket(e.attemptHash, attemptBuckets)];
    }
    long words = bits;
    for (int i = 0; i < count; i++) {
      DedupEntry e = entries.get(i);
      words ^= firstWord(newest(spanBuckets[bucket(e.spanHash, spanBuckets)]));
      words ^= firstWord(newest(attemptBuckets[bucket(e.attemptHash, attemptBuckets)]));
    }
    unused = words;
  }

  private long firstWord(long position) {
    return position >= tail ? chunk(position)[word(position)] : 0;
  }

  /** Whether this very span is remembered. */
  boolean hasSpan(DedupEntry e) {
    long position = newest(spanBuckets[bucket(e.spanHash, spanBuckets)]);
    while (position >= tail) {
      long[] chunk = chunk(position);
      int at = word(position);
      if (chunk[at + SPAN_HASH] == e.spanHash
          && (int) (chunk[at + SPAN_AND_PARENT] >>> 32) == e.spanBits) {
        return true;
      }
      position = older(position, (int) (chunk[at + LINKS] >>> 32));
    }
    return false;
  }

  /** Whether a span of the same attempt is remembered. */
  boolean hasAttempt(DedupEntry e) {
    if (e.attemptHash == 0) {
      return false;
    }
    long position = newest(attemptBuckets[bucket(e.attemptHash, attemptBuckets)]);
    while (position >= tail) {
      long[] chunk = chunk(position);
      int at = word(position);
      if (chunk[at + ATTEMPT_HASH] == e.attemptHash && sameAttempt(chunk, at, e)) {
        return true;
      }
      position = older(position, (int) chunk[at + LINKS]);
    }
    return false;
  }

  void add(DedupEntry e) {
    if (size() >= spanBuckets.length) {
      grow();
    }
    long position = head++;
    long[] chunk = chunkForWriting(position);
    int at = word(position);
    chunk[at + SPAN_HASH] = e.spanHash;
    chunk[at + ATTEMPT_HASH] = e.attemptHash;
    chunk[at + SPAN_AND_PARENT] = pair(e.spanBits, e.parentBits);
    chunk[at + START_AND_END] = pair(e.startMicros, e.endMicros);
    chunk[at + ID_BITS] = e.idBits;
    link(chunk, at, position);
  }

  /** Forgets the oldest entries. */
  void forget(int entries) {
    tail += entries;
  }

  private static boolean sameAttempt(long[] chunk, int at, DedupEntry e) {
    int spanBits = (int) (chunk[at + SPAN_AND_PARENT] >>> 32);
    int parentBits = (int) chunk[at + SPAN_AND_PARENT];
    int idBits = (int) chunk[at + ID_BITS];
    boolean related =
        (e.parentBits != 0 && e.parentBits == spanBits)
            || (parentBits != 0 && parentBits == e.spanBits);
    if (idBits != e.idBits) {
      // One of them tells no id: only a wrapper around the very call has its model and tokens.
      return related && (idBits == 0 || e.idBits == 0);
    }
    return related
        || (idBits != 0
            && near((int) (chunk[at + START_AND_END] >>> 32), e.startMicros)
            && near((int) chunk[at + START_AND_END], e.endMicros));
  }

  private static boolean near(int a, int b) {
    int difference = a - b;
    return difference >= -SAME_INSTANT_MICROS && difference <= SAME_INSTANT_MICROS;
  }

  private void link(long[] chunk, int at, long position) {
    int spanBucket = bucket(chunk[at + SPAN_HASH], spanBuckets);
    int spanOlder = spanBuckets[spanBucket];
    spanBuckets[spanBucket] = (int) position;
    int attemptOlder = 0;
    if (chunk[at + ATTEMPT_HASH] != 0) {
      int attemptBucket = bucket(chunk[at + ATTEMPT_HASH], attemptBuckets);
      attemptOlder = attemptBuckets[attemptBucket];
      attemptBuckets[attemptBucket] = (int) position;
    }
    chunk[at + LINKS] = pair(spanOlder, attemptOlder);
  }

  /** Twice the buckets; every entry is linked anew, oldest first. */
  private void grow() {
    spanBuckets = new int[spanBuckets.length * 2];
    attemptBuckets = new int[attemptBuckets.length * 2];
    for (long p = tail; p < head; p++) {
      link(chunk(p), word(p), p);
    }
  }

  private long[] chunk(long position) {
    return chunks[(int) (position >>> CHUNK_BITS & (chunks.length - 1))];
  }

  private long[] chunkForWriting(long position) {
    long last = position >>> CHUNK_BITS;
    long first = tail >>> CHUNK_BITS;
    if (last - first >= chunks.length) {
      long[][] larger = new long[chunks.length * 2][];
      for (long c = first; c < last; c++) {
        larger[(int) (c & (larger.length - 1))] = chunks[(int) (c & (chunks.length - 1))];
      }
      chunks = larger;
    }
    int slot = (int) (last & (chunks.length - 1));
    // A slot whose old chunk is forgotten is written over: the ring reuses its memory.
    if (chunks[slot] == null) {
      chunks[slot] = new long[CHUNK_ENTRIES * WORDS];
    }
    return chunks[slot];
  }

  private static int word(long position) {
    return (int) (position & (CHUNK_ENTRIES - 1)) * WORDS;
  }

  /** The position with these low bits that is at most 2³² before the head. */
  private long newest(int low) {
    return head - 1 - Integer.toUnsignedLong((int) (head - 1) - low);
  }

  /** The same, counted from an entry; 0 bits far back come out as no longer kept. */
  private static long older(long position, int low) {
    return position - 1 - Integer.toUnsignedLong((int) (position - 1) - low);
  }

  private static int bucket(long hash, int[] buckets) {
    return (int) hash & (buckets.length - 1);
  }

  private static long pair(int high, int low) {
    return (long) high << 32 | Integer.toUnsignedLong(low);
  }

  /** Bytes of the arrays held. */
  long sizeBytes() {
    long held = Arrays.stream(chunks).filter(c -> c != null).count();
    return held * CHUNK_ENTRIES * WORDS * 8L + 4L * (spanBuckets.length + attemptBuckets.length);
  }
}

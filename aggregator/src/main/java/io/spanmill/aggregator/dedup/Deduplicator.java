/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.dedup;

import io.spanmill.codec.DedupBatch;
import io.spanmill.codec.DedupEntry;
import io.spanmill.model.Layer;
import io.spanmill.model.NormalizedSpan;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Tells of each span of one partition, in log order, whether it counts. Remembers identities for a
 * horizon of arrival time and up to a number of entries, whichever is less; what it decides depends
 * on the log alone. One per task; not thread-safe.
 *
 * <p>Per input record: {@link #begin}, {@link #offer} (and {@link #offerRequest}) for each span
 * that counts in a layer, {@link #end}. {@link #save} before each commit. After a restart {@link
 * #rebuild} first.
 */
public final class Deduplicator {
  /** A value is written past about this size, well under the broker's limit. */
  private static final int MAX_BATCH_BYTES = 200_000;

  private final long horizonMs;
  private final long maxEntries;
  private final BatchStore store;
  private final IdentityLog log = new IdentityLog();
  private final RecordQueue records = new RecordQueue();
  private final SpanIdentity identity = new SpanIdentity();
  private final DedupBatch batch = new DedupBatch();

  private final DedupEntry lone = new DedupEntry();

  /** The spans told in advance; their identities, reused; and how many of them were offered. */
  private List<NormalizedSpan> expected = List.of();

  private final List<DedupEntry> identified = new ArrayList<>();
  private int offered;

  private long offset = -1;
  private long arrivalMs;

  /**
   * A deduplicator that remembers nothing yet.
   *
   * @param horizonMs how far back in arrival time identities are kept
   * @param maxEntries most identities kept; those of the record at hand may pass it
   * @param store where they survive a restart
   */
  public Deduplicator(long horizonMs, long maxEntries, BatchStore store) {
    this.horizonMs = horizonMs;
    this.maxEntries = maxEntries;
    this.store = Objects.requireNonNull(store);
  }

  /** Reads back what the store holds. */
  public void rebuild() {
    store.forEach(
        (storedOffset, value) -> {
          batch.decode(value);
          while (batch.nextRecord()) {
            while (batch.next(lone)) {
              log.add(lone);
            }
            records.add(batch.arrivalMs(), batch.size());
          }
          records.stored(storedOffset);
        });
  }

  /**
   * Starts an input record. What is remembered of the spans told is fetched from memory at once,
   * and not span by span.
   *
   * @param spans those that will be offered first, in that order and unchanged; may be none
   */
  public void begin(long recordOffset, long recordArrivalMs, List<NormalizedSpan> spans) {
    offset = recordOffset;
    arrivalMs = recordArrivalMs;
    forget(recordArrivalMs - horizonMs);
    batch.begin(recordArrivalMs);
    expected = spans;
    offered = 0;
    for (int i = 0; i < spans.size(); i++) {
      if (i == identified.size()) {
        identified.add(new DedupEntry());
      }
      identity.of(spans.get(i), layer(spans.get(i)), identified.get(i));
    }
    log.fetch(identified, spans.size());
  }

  /** Decides on a span whose layer is set, and remembers it. */
  public Verdict offer(NormalizedSpan span) {
    DedupEntry entry;
    if (offered < expected.size() && expected.get(offered) == span) {
      entry = identified.get(offered++);
    } else {
      entry = lone;
      identity.of(span, layer(span), entry);
    }
    return log.hasSpan(entry) ? Verdict.RESENT : attempt(entry);
  }

  /**
   * Decides whether a collapsed root, which was not {@link Verdict#RESENT}, also counts as the
   * gateway request it is. Its attempt may have been told by its child before, its request not.
   */
  public Verdict offerRequest(NormalizedSpan root) {
    identity.of(root, Layer.GATEWAY_REQUEST, lone);
    return attempt(lone);
  }

  /** Ends the input record. */
  public void end() {
    if (batch.size() > 0) {
      batch.end();
      records.add(arrivalMs, batch.size());
      if (batch.sizeBytes() >= MAX_BATCH_BYTES) {
        save();
      }
    }
  }

  /**
   * Writes what was added to the store; before each commit. Some records lie under one key, and go
   * when the last of them is forgotten: until then a restart remembers all of them, and forgets
   * those it had forgotten before it decides anything.
   */
  public void save() {
    if (batch.sizeBytes() > 0) {
      byte[] value = batch.finish();
      // Where even the last record is forgotten by now, nothing would ever delete it.
      if (!records.isEmpty()) {
        store.put(offset, value);
        records.stored(offset);
      }
    }
  }

  /** Identities remembered. */
  public long entries() {
    return log.size();
  }

  /** Arrival of the oldest record whose identities are remembered; -1 without any. */
  public long oldestArrivalMs() {
    return records.isEmpty() ? -1 : records.firstArrivalMs();
  }

  /** Bytes of memory held. */
  public long sizeBytes() {
    return log.sizeBytes();
  }

  private static Layer layer(NormalizedSpan span) {
    return Objects.requireNonNull(span.layer, "span counts in no layer");
  }

  private Verdict attempt(DedupEntry entry) {
    boolean told = log.hasAttempt(entry);
    // A duplicate is remembered too: the next one may be related to it and not to the first.
    log.add(entry);
    batch.add(entry);
    return told ? Verdict.DUPLICATE : Verdict.NEW;
  }

  private void forget(long arrivedBeforeMs) {
    while (!records.isEmpty()
        && (records.firstArrivalMs() < arrivedBeforeMs || log.size() > maxEntries)) {
      log.forget(records.firstEntries());
      if (records.firstKey() != RecordQueue.NO_KEY) {
        store.delete(records.firstKey());
      }
      records.removeFirst();
    }
  }
}

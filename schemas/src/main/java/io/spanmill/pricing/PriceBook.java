/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.pricing;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Dated prices from one source. Immutable; its id changes with its content. */
public final class PriceBook {
  private final String id;
  private final Map<String, List<PriceEntry>> byModel;
  private final int size;

  private PriceBook(String id, Map<String, List<PriceEntry>> byModel, int size) {
    this.id = id;
    this.byModel = byModel;
    this.size = size;
  }

  /** Name and content hash, e.g. {@code openai.yaml@3f2a91c04b7e}. */
  public String id() {
    return id;
  }

  /** Number of entries. */
  public int size() {
    return size;
  }

  /**
   * The entry for a model at a time.
   *
   * @param provider normalised provider of the call; empty if unknown, then any entry fits
   * @param model lower-case model name
   * @return null if the book has none
   */
  @Nullable PriceEntry find(String provider, String model, long eventTimeMs) {
    PriceEntry any = null;
    for (PriceEntry entry : byModel.getOrDefault(model, List.of())) {
      if (entry.validFromMs() > eventTimeMs) {
        continue;
      }
      if (entry.provider().equals(provider)) {
        return entry;
      }
      if (any == null && (entry.provider().isEmpty() || provider.isEmpty())) {
        any = entry;
      }
    }
    return any;
  }

  /** Collects entries; not thread-safe. */
  static final class Builder {
    private final Map<String, List<PriceEntry>> byModel = new HashMap<>();
    private int size;

    /** Adds an entry under each of these names. */
    void add(PriceEntry entry, List<String> models) {
      for (String model : models) {
        byModel.computeIfAbsent(model.toLowerCase(Locale.ROOT), m -> new ArrayList<>()).add(entry);
      }
      size++;
    }

    PriceBook build(String id) {
      byModel
          .values()
          .forEach(l -> l.sort(Comparator.comparingLong(PriceEntry::validFromMs).reversed()));
      // Asked for each call: an immutable map compares its way to an entry.
      return new PriceBook(id, new HashMap<>(byModel), size);
    }
  }
}

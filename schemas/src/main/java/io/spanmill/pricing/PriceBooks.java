/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.pricing;

import io.spanmill.model.Layer;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.PicoUsd;
import io.spanmill.model.PricedState;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Price books in order of precedence: the first that has an entry for a call decides. Immutable.
 *
 * <p>An entry is looked for by response model, then request model, each as it is and then without a
 * date at its end; a provider before a slash counts as the provider. Computed cost is exact and
 * rounded once, half-even to picodollars. Safe for many threads.
 */
public final class PriceBooks implements Pricer {
  private static final Pattern DATE_AT_END =
      Pattern.compile("[-@](\\d{4}-\\d{2}-\\d{2}|\\d{8}|\\d{4}|latest|\\d{3})$");
  private static final BigDecimal MICROS_PER_SECOND = BigDecimal.valueOf(1_000_000);

  /** Names remembered; whoever makes up more has each looked up anew. */
  private static final int MAX_NAMES = 4096;

  private final List<PriceBook> books;

  /** What to look for by the names a call gives: cutting dates off them costs more than looking. */
  private final Map<Names, List<String>> candidates = new ConcurrentHashMap<>();

  public PriceBooks(List<PriceBook> books) {
    this.books = List.copyOf(books);
  }

  public List<PriceBook> books() {
    return books;
  }

  @Override
  public void price(NormalizedSpan call) {
    call.computedPicoUsd = PicoUsd.ABSENT;
    call.costPicoUsd = PicoUsd.ABSENT;
    call.priced = PricedState.NONE;
    call.priceBook = "";
    call.priceEntry = "";
    if (call.layer == null || call.layer == Layer.ENGINE || call.layer == Layer.GATEWAY_REQUEST) {
      call.reportedPicoUsd = PicoUsd.ABSENT;
      return;
    }
    if (call.cacheHit) {
      call.reportedPicoUsd = call.reportedPicoUsd == PicoUsd.ABSENT ? PicoUsd.ABSENT : 0;
      call.computedPicoUsd = 0;
      call.costPicoUsd = 0;
      call.priced = PricedState.PRICED;
      return;
    }
    boolean used = call.hasUsage() && !(call.failed && call.totalTokens() == 0);
    if (call.failed && !used && call.reportedPicoUsd <= 0) {
      call.reportedPicoUsd = PicoUsd.ABSENT;
      return;
    }
    compute(call, used);
    if (call.reportedPicoUsd == 0 && call.computedPicoUsd != 0) {
      // A sender without a price says 0; nothing backs it.
      call.reportedPicoUsd = PicoUsd.ABSENT;
    }
    call.costPicoUsd =
        call.reportedPicoUsd != PicoUsd.ABSENT ? call.reportedPicoUsd : call.computedPicoUsd;
    call.priced = call.costPicoUsd == PicoUsd.ABSENT ? PricedState.UNPRICED : PricedState.PRICED;
  }

  private void compute(NormalizedSpan call, boolean used) {
    for (String model : candidates(new Names(call.responseModel, call.requestModel, call.model))) {
      int slash = model.indexOf('/');
      for (PriceBook book : books) {
        PriceEntry entry = book.find(call.provider, model, call.eventTimeMs);
        if (entry == null && slash > 0) {
          String provider = Providers.canonical(model.substring(0, slash));
          if (call.provider.isEmpty() || call.provider.equals(provider)) {
            entry = book.find(provider, model.substring(slash + 1), call.eventTimeMs);
          }
        }
        if (entry != null) {
          BigDecimal usd = cost(entry, call, used);
          long pico = usd == null ? PicoUsd.ABSENT : PicoUsd.ofReported(usd);
          if (pico != PicoUsd.ABSENT) {
            call.computedPicoUsd = pico;
            call.priceBook = book.id();
            call.priceEntry = entry.name();
            return;
          }
        }
      }
    }
  }

  private List<String> candidates(Names names) {
    List<String> known = candidates.get(names);
    if (known == null) {
      known = names.candidates();
      if (candidates.size() < MAX_NAMES) {
        candidates.put(names, known);
      }
    }
    return known;
  }

  private record Names(String response, String request, String model) {
    List<String> candidates() {
      Set<String> names = new LinkedHashSet<>();
      for (String name : List.of(response, request, model)) {
        if (!name.isEmpty()) {
          String lower = name.toLowerCase(Locale.ROOT);
          names.add(lower);
          names.add(DATE_AT_END.matcher(lower).replaceFirst(""));
        }
      }
      return List.copyOf(names);
    }
  }

  /** USD, or null if the entry lacks a price that the call needs. */
  private static @Nullable BigDecimal cost(PriceEntry e, NormalizedSpan call, boolean used) {
    Sum sum = new Sum();
    if (used && !e.base().isEmpty()) {
      long input = Math.max(0, call.inputTokens);
      long read = Math.max(0, call.cacheReadTokens);
      long write = Math.max(0, call.cacheWriteTokens);
      long write1h = Math.min(write, Math.max(0, call.cacheWrite1hTokens));
      long audioIn = Math.min(input, Math.max(0, call.audioInputTokens));
      long output = Math.max(0, call.outputTokens);
      long audioOut = Math.min(output, Math.max(0, call.audioOutputTokens));
      Rates rates = e.rates(call.serviceTier, input + read + write);
      sum.tokens(rates, TokenKind.INPUT, input - audioIn);
      sum.tokens(rates, TokenKind.AUDIO_INPUT, audioIn);
      sum.tokens(rates, TokenKind.CACHE_READ, read);
      sum.tokens(rates, TokenKind.CACHE_WRITE, write - write1h);
      sum.tokens(rates, TokenKind.CACHE_WRITE_1H, write1h);
      sum.tokens(rates, TokenKind.OUTPUT, output - audioOut);
      sum.tokens(rates, TokenKind.AUDIO_OUTPUT, audioOut);
      sum.tokens(rates, TokenKind.REASONING, Math.max(0, call.reasoningTokens));
      sum.spoke = true;
    }
    sum.units(e.perRequestUsd(), BigDecimal.ONE);
    if (call.imageCount > 0) {
      sum.units(e.perImageUsd(), BigDecimal.valueOf(call.imageCount));
    }
    sum.units(
        e.perSecondUsd(),
        BigDecimal.valueOf(call.durationMicros)
            .divide(MICROS_PER_SECOND, 6, RoundingMode.UNNECESSARY));
    return sum.result();
  }

  private static final class Sum {
    private BigDecimal usd = BigDecimal.ZERO;
    private boolean spoke;
    private boolean incomplete;

    void tokens(Rates rates, TokenKind kind, long tokens) {
      if (tokens == 0) {
        return;
      }
      BigDecimal price = rates.of(kind);
      if (price == null) {
        incomplete = true;
      } else {
        usd = usd.add(price.multiply(BigDecimal.valueOf(tokens)));
      }
    }

    void units(@Nullable BigDecimal price, BigDecimal units) {
      if (price != null) {
        usd = usd.add(price.multiply(units));
        spoke = true;
      }
    }

    @Nullable BigDecimal result() {
      return spoke && !incomplete ? usd : null;
    }
  }
}

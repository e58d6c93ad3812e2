/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.pricing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;

/**
 * One's own inference engines, as {@code engines.file} tells: which model each serves and what its
 * GPUs cost an hour. Rates never price a call; they are spread over what was served, on reading.
 * Immutable.
 */
public final class Engines {
  private static final Set<String> KNOWN =
      Set.of("service", "host", "model", "gpus", "gpuHourUsd", "validFrom");
  private static final BigDecimal MS_PER_HOUR = BigDecimal.valueOf(3_600_000);
  private static final BigDecimal MAX_USD = BigDecimal.valueOf(1_000_000);
  private static final int MONEY_SCALE = 12;

  private final List<Engine> entries;

  private Engines(List<Engine> entries) {
    this.entries = List.copyOf(entries);
  }

  /**
   * One entry.
   *
   * @param service its {@code service.name}; empty if it is told by host
   * @param host its {@code host.name}; empty if it is told by service
   * @param gpus how many GPUs it runs on, over all replicas
   * @param gpuHourUsd what one costs an hour, or null if that is not told
   * @param validFromMs first instant of the rate; {@link Long#MIN_VALUE} if always
   */
  public record Engine(
      String service,
      String host,
      String model,
      BigDecimal gpus,
      @Nullable BigDecimal gpuHourUsd,
      long validFromMs) {
    private String place() {
      return host.isEmpty() ? "service " + service : "host " + host;
    }
  }

  /**
   * What a model's engines cost over a range.
   *
   * @param engines services and hosts with a rate
   * @param gpus their GPUs at the end of the range
   * @param hours hours of the range for which the longest-rated engine has a rate
   * @param gpuHours hours times GPUs, over all its engines
   */
  public record Cost(int engines, BigDecimal gpus, double hours, double gpuHours, BigDecimal usd) {}

  /** Knows no engine. */
  public static Engines none() {
    return new Engines(List.of());
  }

  /**
   * Reads the file: a list {@code engines} of entries with {@code service} or {@code host}, {@code
   * model}, and optionally {@code gpus}, {@code gpuHourUsd} and {@code validFrom}.
   *
   * @throws IllegalArgumentException if an entry is wrong, saying which
   * @throws UncheckedIOException if it cannot be read
   */
  public static Engines load(Path file) {
    try {
      return parse(file.toString(), Files.readString(file, StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read engines file " + file, e);
    }
  }

  /** The same of text; the name is for messages. */
  public static Engines parse(String file, String content) {
    Object root;
    try {
      root = new Yaml(new SafeConstructor(new LoaderOptions())).load(content);
    } catch (YAMLException e) {
      throw new IllegalArgumentException(file + " is not YAML: " + e.getMessage(), e);
    }
    if (root == null) {
      return none();
    }
    if (!(root instanceof Map<?, ?> top)) {
      throw new IllegalArgumentException(file + ": must be a mapping with the key engines");
    }
    Object engines = top.get("engines");
    if (engines == null) {
      return none();
    }
    if (!(engines instanceof List<?> list)) {
      throw new IllegalArgumentException(file + ": engines must be a list");
    }
    List<Engine> entries = new ArrayList<>();
    for (int i = 0; i < list.size(); i++) {
      String where = file + ": engine " + (i + 1);
      if (!(list.get(i) instanceof Map<?, ?> entry)) {
        throw new IllegalArgumentException(where + " must be a mapping");
      }
      entries.add(engine(where, entry));
    }
    return new Engines(entries);
  }

  private static Engine engine(String where, Map<?, ?> entry) {
    for (Object key : entry.keySet()) {
      if (!KNOWN.contains(String.valueOf(key))) {
        throw new IllegalArgumentException(
            where + " has an unknown key " + key + ", known: " + new TreeSet<>(KNOWN));
      }
    }
    String model = text(entry, "model");
    String service = text(entry, "service");
    String host = text(entry, "host");
    if (model.isEmpty() || (service.isEmpty() && host.isEmpty())) {
      throw new IllegalArgumentException(where + " needs a model, and a service or a host");
    }
    BigDecimal gpus = decimal(where, entry, "gpus");
    return new Engine(
        host.isEmpty() ? service : "",
        host,
        model,
        gpus == null ? BigDecimal.ONE : gpus,
        decimal(where, entry, "gpuHourUsd"),
        validFrom(where, entry.get("validFrom")));
  }

  private static @Nullable BigDecimal decimal(String where, Map<?, ?> entry, String key) {
    String text = text(entry, key);
    if (text.isEmpty()) {
      return null;
    }
    try {
      BigDecimal value = new BigDecimal(text);
      if (value.signum() >= 0 && value.compareTo(MAX_USD) <= 0) {
        return value;
      }
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(where + ": " + key + " is no number: " + text, e);
    }
    throw new IllegalArgumentException(where + ": " + key + " must be 0 to 1000000, is " + text);
  }

  private static long validFrom(String where, @Nullable Object value) {
    if (value == null) {
      return Long.MIN_VALUE;
    }
    if (value instanceof Date date) {
      return date.getTime();
    }
    try {
      return LocalDate.parse(value.toString())
          .atStartOfDay(ZoneOffset.UTC)
          .toInstant()
          .toEpochMilli();
    } catch (DateTimeException e) {
      throw new IllegalArgumentException(
          where + ": validFrom must be a date like 2026-01-31, is " + value, e);
    }
  }

  private static String text(Map<?, ?> entry, String key) {
    Object value = entry.get(key);
    return value == null ? "" : value.toString().trim();
  }

  /** All entries in the order of the file. */
  public List<Engine> entries() {
    return entries;
  }

  /** Whether any entry tells a rate. */
  public boolean anyRate() {
    return entries.stream().anyMatch(e -> e.gpuHourUsd() != null);
  }

  /**
   * What the engines of each model cost from one instant to another: of each service or host every
   * hour by the newest rate that was valid, whether it served or not. Without a rate yet, an hour
   * costs nothing and is not counted.
   */
  public Map<String, Cost> costs(long fromMs, long toMs) {
    Map<String, List<Engine>> byPlace = new LinkedHashMap<>();
    entries.stream()
        .filter(e -> e.gpuHourUsd() != null)
        .sorted(Comparator.comparingLong(Engine::validFromMs))
        .forEach(e -> byPlace.computeIfAbsent(e.place(), p -> new ArrayList<>()).add(e));
    Map<String, Sum> sums = new LinkedHashMap<>();
    for (List<Engine> rates : byPlace.values()) {
      for (int i = 0; i < rates.size(); i++) {
        Engine rate = rates.get(i);
        long from = Math.max(fromMs, rate.validFromMs());
        long to = i + 1 < rates.size() ? Math.min(toMs, rates.get(i + 1).validFromMs()) : toMs;
        if (from < to) {
          sums.computeIfAbsent(rate.model(), m -> new Sum()).add(rate, to - from, to == toMs);
        }
      }
    }
    Map<String, Cost> out = new LinkedHashMap<>();
    sums.forEach((model, sum) -> out.put(model, sum.cost()));
    return out;
  }

  private static final class Sum {
    private final Map<String, Long> msByPlace = new LinkedHashMap<>();
    private BigDecimal gpus = BigDecimal.ZERO;
    private BigDecimal gpuMs = BigDecimal.ZERO;
    private BigDecimal usdMs = BigDecimal.ZERO;

    void add(Engine rate, long ms, boolean atEnd) {
      BigDecimal hourUsd = rate.gpuHourUsd() == null ? BigDecimal.ZERO : rate.gpuHourUsd();
      BigDecimal ofGpus = rate.gpus().multiply(BigDecimal.valueOf(ms));
      msByPlace.merge(rate.place(), ms, Long::sum);
      gpuMs = gpuMs.add(ofGpus);
      usdMs = usdMs.add(ofGpus.multiply(hourUsd));
      gpus = atEnd ? gpus.add(rate.gpus()) : gpus;
    }

    Cost cost() {
      long longestMs = msByPlace.values().stream().mapToLong(Long::longValue).max().orElse(0);
      return new Cost(
          msByPlace.size(),
          gpus,
          longestMs / MS_PER_HOUR.doubleValue(),
          gpuMs.doubleValue() / MS_PER_HOUR.doubleValue(),
          usdMs.divide(MS_PER_HOUR, MONEY_SCALE, RoundingMode.HALF_EVEN));
    }
  }
}

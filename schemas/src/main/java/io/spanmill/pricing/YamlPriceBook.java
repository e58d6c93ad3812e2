/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.pricing;

import java.io.StringReader;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;

/**
 * Reads Spanmill's own price files: a list {@code entries}, each with {@code model}, optional
 * {@code aliases}, {@code provider}, {@code validFrom}, {@code source}, prices in USD per million
 * tokens ({@code usdPerMillion}), by context size ({@code above}), by service tier ({@code tiers}),
 * and {@code perRequestUsd}, {@code perImageUsd}, {@code perSecondUsd}. Unknown keys are errors.
 */
final class YamlPriceBook {
  private static final BigDecimal MILLION = BigDecimal.valueOf(1_000_000);
  private static final Set<String> TIERS = Set.of("batch", "priority", "flex");

  private final String file;

  private YamlPriceBook(String file) {
    this.file = file;
  }

  static PriceBook read(String file, String content, String id) throws PriceBookException {
    return new YamlPriceBook(file).book(content, id);
  }

  private PriceBook book(String content, String id) throws PriceBookException {
    Node root;
    try {
      root = new Yaml(new LoaderOptions()).compose(new StringReader(content));
    } catch (MarkedYAMLException e) {
      int line = e.getProblemMark() == null ? 0 : e.getProblemMark().getLine() + 1;
      throw new PriceBookException(file, line, "not YAML: " + e.getProblem());
    }
    PriceBook.Builder book = new PriceBook.Builder();
    if (root == null) {
      return book.build(id);
    }
    Map<String, Node> top = mapping(root, Set.of("source", "currency", "entries"));
    Node currency = top.get("currency");
    if (currency != null && !scalar(currency).equals("USD")) {
      throw problem(currency, "currency must be USD");
    }
    Node entries = top.get("entries");
    if (entries == null) {
      throw problem(root, "no entries");
    }
    for (Node node : sequence(entries)) {
      add(node, book);
    }
    return book.build(id);
  }

  private void add(Node node, PriceBook.Builder book) throws PriceBookException {
    Map<String, Node> e =
        mapping(
            node,
            Set.of(
                "model",
                "aliases",
                "provider",
                "validFrom",
                "source",
                "usdPerMillion",
                "above",
                "tiers",
                "perRequestUsd",
                "perImageUsd",
                "perSecondUsd"));
    Node modelNode = e.get("model");
    if (modelNode == null) {
      throw problem(node, "an entry without model");
    }
    String model = scalar(modelNode);
    String provider =
        e.containsKey("provider") ? Providers.canonical(scalar(get(e, "provider"))) : "";
    List<String> models = new ArrayList<>(List.of(model));
    if (e.containsKey("aliases")) {
      for (Node alias : sequence(get(e, "aliases"))) {
        models.add(scalar(alias));
      }
    }
    Node from = e.get("validFrom");
    long validFromMs = from == null ? Long.MIN_VALUE : instant(from);
    Rates base = e.containsKey("usdPerMillion") ? rates(get(e, "usdPerMillion")) : Rates.NONE;
    List<PriceEntry.ContextTier> above =
        e.containsKey("above") ? contextTiers(get(e, "above")) : List.of();
    Map<String, PriceEntry.Tier> tiers = new HashMap<>();
    if (e.containsKey("tiers")) {
      for (Map.Entry<String, Node> tier : mapping(get(e, "tiers"), TIERS).entrySet()) {
        Map<String, Node> t = mapping(tier.getValue(), Set.of("usdPerMillion", "above"));
        Node rates = t.get("usdPerMillion");
        Node tierAbove = t.get("above");
        tiers.put(
            tier.getKey(),
            new PriceEntry.Tier(
                rates == null ? Rates.NONE : rates(rates),
                tierAbove == null ? List.of() : contextTiers(tierAbove)));
      }
    }
    BigDecimal perRequest = optionalPrice(e, "perRequestUsd");
    BigDecimal perImage = optionalPrice(e, "perImageUsd");
    BigDecimal perSecond = optionalPrice(e, "perSecondUsd");
    if (base.isEmpty() && perRequest == null && perImage == null && perSecond == null) {
      throw problem(node, model + " has no price");
    }
    String name = from == null ? model : model + "@" + scalar(from);
    book.add(
        new PriceEntry(
            name, provider, validFromMs, base, above, tiers, perRequest, perImage, perSecond),
        models);
  }

  private List<PriceEntry.ContextTier> contextTiers(Node node) throws PriceBookException {
    List<PriceEntry.ContextTier> out = new ArrayList<>();
    long last = 0;
    for (Node item : sequence(node)) {
      Map<String, Node> m = mapping(item, Set.of("tokens", "inclusive", "usdPerMillion"));
      Node tokensNode = m.get("tokens");
      Node rates = m.get("usdPerMillion");
      if (tokensNode == null || rates == null) {
        throw problem(item, "a context tier needs tokens and usdPerMillion");
      }
      long tokens;
      try {
        tokens = Long.parseLong(scalar(tokensNode).replace("_", ""));
      } catch (NumberFormatException ex) {
        throw problem(tokensNode, "tokens must be a whole number, but is " + scalar(tokensNode));
      }
      if (tokens <= last) {
        throw problem(tokensNode, "context tiers must ascend, but " + tokens + " follows " + last);
      }
      last = tokens;
      Node inclusive = m.get("inclusive");
      out.add(
          new PriceEntry.ContextTier(
              tokens, inclusive != null && scalar(inclusive).equals("true"), rates(rates)));
    }
    return out;
  }

  private Rates rates(Node node) throws PriceBookException {
    Map<TokenKind, BigDecimal> out = new EnumMap<>(TokenKind.class);
    Map<String, TokenKind> kinds = new HashMap<>();
    for (TokenKind kind : TokenKind.values()) {
      kinds.put(kind.key(), kind);
    }
    for (Map.Entry<String, Node> e : mapping(node, kinds.keySet()).entrySet()) {
      TokenKind kind = kinds.get(e.getKey());
      if (kind != null) {
        out.put(kind, price(e.getValue()).divide(MILLION));
      }
    }
    return new Rates(out);
  }

  private @Nullable BigDecimal optionalPrice(Map<String, Node> entry, String key)
      throws PriceBookException {
    Node node = entry.get(key);
    return node == null ? null : price(node);
  }

  private BigDecimal price(Node node) throws PriceBookException {
    String text = scalar(node);
    try {
      BigDecimal price = new BigDecimal(text);
      if (price.signum() >= 0 && price.compareTo(MILLION) <= 0 && price.scale() <= 18) {
        return price;
      }
    } catch (NumberFormatException e) {
      throw problem(node, "a price must be a number, but is " + text);
    }
    throw problem(
        node, "a price must be from 0 to 1000000 USD with at most 18 places, but is " + text);
  }

  private long instant(Node node) throws PriceBookException {
    String text = scalar(node);
    try {
      return text.contains("T")
          ? OffsetDateTime.parse(text).toInstant().toEpochMilli()
          : LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant().toEpochMilli();
    } catch (DateTimeException e) {
      throw problem(
          node,
          "validFrom must be a date (2026-01-31) or a time (2026-01-31T00:00:00Z), but is " + text);
    }
  }

  private Map<String, Node> mapping(Node node, Set<String> known) throws PriceBookException {
    if (!(node instanceof MappingNode m)) {
      throw problem(node, "expected a mapping");
    }
    Map<String, Node> out = new LinkedHashMap<>();
    for (NodeTuple tuple : m.getValue()) {
      String key = scalar(tuple.getKeyNode());
      if (!known.contains(key)) {
        throw problem(
            tuple.getKeyNode(),
            "unknown key " + key + ", known here: " + known.stream().sorted().toList());
      }
      if (out.put(key, tuple.getValueNode()) != null) {
        throw problem(tuple.getKeyNode(), "key " + key + " twice");
      }
    }
    return out;
  }

  private List<Node> sequence(Node node) throws PriceBookException {
    if (node instanceof SequenceNode s) {
      return s.getValue();
    }
    throw problem(node, "expected a list");
  }

  private String scalar(Node node) throws PriceBookException {
    if (node instanceof ScalarNode s) {
      return s.getValue().trim();
    }
    throw problem(node, "expected a plain value");
  }

  private static Node get(Map<String, Node> map, String key) {
    Node node = map.get(key);
    if (node == null) {
      throw new IllegalStateException("checked before: " + key);
    }
    return node;
  }

  private PriceBookException problem(Node node, String reason) {
    return new PriceBookException(
        file, node.getStartMark() == null ? 0 : node.getStartMark().getLine() + 1, reason);
  }
}

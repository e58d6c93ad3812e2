/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.pricing;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads LiteLLM's {@code model_prices_and_context_window.json} as it is: USD per unit, undated. */
final class LiteLlmCostMap {
  private static final ObjectMapper JSON =
      new ObjectMapper(new JsonFactory()).enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);

  /** Field of the map → kind, for the plain tier. */
  private static final Map<String, TokenKind> FIELDS =
      Map.of(
          "input_cost_per_token", TokenKind.INPUT,
          "output_cost_per_token", TokenKind.OUTPUT,
          "output_cost_per_reasoning_token", TokenKind.REASONING,
          "cache_read_input_token_cost", TokenKind.CACHE_READ,
          "cache_creation_input_token_cost", TokenKind.CACHE_WRITE,
          "cache_creation_input_token_cost_above_1hr", TokenKind.CACHE_WRITE_1H,
          "input_cost_per_audio_token", TokenKind.AUDIO_INPUT,
          "output_cost_per_audio_token", TokenKind.AUDIO_OUTPUT);

  private static final Pattern SUFFIX =
      Pattern.compile(
          "^(?<base>.*?)(_above_(?<k>\\d+)k_tokens)?(_(?<tier>priority|flex|batches))?$");

  private LiteLlmCostMap() {}

  /**
   * @param file name for messages and for the book's id
   * @param content the JSON
   * @throws PriceBookException with the line, if it is no such map or a price is no number
   */
  static PriceBook read(String file, byte[] content, String id) throws PriceBookException {
    PriceBook.Builder book = new PriceBook.Builder();
    try (JsonParser parser = JSON.getFactory().createParser(content)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new PriceBookException(
            file, parser.currentLocation().getLineNr(), "expected a JSON object of models");
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String model = parser.currentName();
        int line = parser.currentLocation().getLineNr();
        parser.nextToken();
        JsonNode node = parser.readValueAsTree();
        if (model.equals("sample_spec")) {
          continue;
        }
        if (!node.isObject()) {
          throw new PriceBookException(file, line, model + ": expected an object");
        }
        PriceEntry entry = entry(file, line, model, node);
        if (entry != null) {
          book.add(entry, names(model, entry.provider()));
        }
      }
    } catch (JsonProcessingException e) {
      int line = e.getLocation() == null ? 0 : e.getLocation().getLineNr();
      throw new PriceBookException(file, line, "not JSON: " + e.getOriginalMessage());
    } catch (IOException e) {
      throw new PriceBookException(file, 0, "cannot be read: " + e.getMessage());
    }
    return book.build(id);
  }

  /** The key as it is and, where it begins with a provider, also without it. */
  private static List<String> names(String model, String provider) {
    int slash = model.indexOf('/');
    if (slash > 0 && Providers.canonical(model.substring(0, slash)).equals(provider)) {
      return List.of(model, model.substring(slash + 1));
    }
    return List.of(model);
  }

  private static @Nullable PriceEntry entry(String file, int line, String model, JsonNode node)
      throws PriceBookException {
    Map<TokenKind, BigDecimal> base = new EnumMap<>(TokenKind.class);
    Map<Long, Map<TokenKind, BigDecimal>> above = new HashMap<>();
    Map<String, Map<TokenKind, BigDecimal>> tiers = new HashMap<>();
    Map<String, Map<Long, Map<TokenKind, BigDecimal>>> tiersAbove = new HashMap<>();
    for (Map.Entry<String, JsonNode> field : node.properties()) {
      Matcher m = SUFFIX.matcher(field.getKey());
      TokenKind kind = FIELDS.get(field.getKey());
      long bound = 0;
      String tier = "";
      if (kind == null && m.matches()) {
        kind = FIELDS.get(m.group("base"));
        bound = m.group("k") == null ? 0 : Long.parseLong(m.group("k")) * 1000;
        tier =
            m.group("tier") == null
                ? ""
                : m.group("tier").equals("batches") ? "batch" : m.group("tier");
      }
      if (kind == null || field.getValue().isNull()) {
        continue;
      }
      BigDecimal price = price(file, line, model, field.getKey(), field.getValue());
      Map<TokenKind, BigDecimal> into;
      if (tier.isEmpty()) {
        into =
            bound == 0 ? base : above.computeIfAbsent(bound, b -> new EnumMap<>(TokenKind.class));
      } else if (bound == 0) {
        into = tiers.computeIfAbsent(tier, t -> new EnumMap<>(TokenKind.class));
      } else {
        into =
            tiersAbove
                .computeIfAbsent(tier, t -> new HashMap<>())
                .computeIfAbsent(bound, b -> new EnumMap<>(TokenKind.class));
      }
      into.put(kind, price);
    }
    BigDecimal perRequest =
        first(file, line, model, node, "input_cost_per_query", "input_cost_per_request");
    BigDecimal perImage =
        first(file, line, model, node, "output_cost_per_image", "input_cost_per_image");
    // A price per second of audio needs the audio's length, which no span tells.
    boolean audio = node.path("mode").asText("").startsWith("audio");
    BigDecimal perSecond =
        audio
            ? null
            : first(file, line, model, node, "output_cost_per_second", "input_cost_per_second");
    if (base.isEmpty() && perRequest == null && perImage == null && perSecond == null) {
      return null;
    }
    String provider = Providers.canonical(node.path("litellm_provider").asText(""));
    boolean inclusive = provider.equals("x_ai");
    Map<String, PriceEntry.Tier> tierPrices = new HashMap<>();
    tiers.forEach(
        (t, r) ->
            tierPrices.put(
                t,
                new PriceEntry.Tier(
                    new Rates(r), contextTiers(tiersAbove.getOrDefault(t, Map.of()), inclusive))));
    return new PriceEntry(
        model,
        provider,
        Long.MIN_VALUE,
        new Rates(base),
        contextTiers(above, inclusive),
        tierPrices,
        perRequest,
        perImage,
        perSecond);
  }

  private static List<PriceEntry.ContextTier> contextTiers(
      Map<Long, Map<TokenKind, BigDecimal>> above, boolean inclusive) {
    List<PriceEntry.ContextTier> out = new ArrayList<>();
    above.forEach(
        (tokens, rates) ->
            out.add(new PriceEntry.ContextTier(tokens, inclusive, new Rates(rates))));
    out.sort(Comparator.comparingLong(PriceEntry.ContextTier::tokens));
    return out;
  }

  private static @Nullable BigDecimal first(
      String file, int line, String model, JsonNode node, String... fields)
      throws PriceBookException {
    for (String field : fields) {
      JsonNode value = node.get(field);
      if (value != null && !value.isNull()) {
        return price(file, line, model, field, value);
      }
    }
    return null;
  }

  private static BigDecimal price(String file, int line, String model, String field, JsonNode value)
      throws PriceBookException {
    BigDecimal price = null;
    if (value.isNumber()) {
      price = value.decimalValue();
    } else if (value.isTextual()) {
      try {
        price = new BigDecimal(value.asText().trim());
      } catch (NumberFormatException e) {
        price = null;
      }
    }
    if (price == null || price.signum() < 0 || price.compareTo(BigDecimal.valueOf(1_000_000)) > 0) {
      throw new PriceBookException(
          file, line, model + ": " + field + " must be a price in USD, 0 or more, but is " + value);
    }
    return price;
  }
}

/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.normalize;

import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.PicoUsd;
import io.spanmill.model.Role;
import io.spanmill.otlp.AttributeView;
import io.spanmill.otlp.TraceReader;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Langfuse's SDKs. Usage and cost are JSON objects; the kinds of {@code usage_details} stand beside
 * each other, so its input is without the prompt cache and its output without reasoning where it
 * names them.
 */
final class Langfuse extends Dialect {
  private int[] type = {};
  private int[] usageDetails = {};
  private int[] costDetails = {};
  private int[] firstToken = {};
  private int[] traceMarks = {};

  Langfuse() {
    super(
        "langfuse",
        new FieldKeys()
            .with(GenAiSemconv.COMMON)
            .with(GenAiSemconv.USAGE)
            .with(Field.REQUEST_MODEL, "langfuse.observation.model.name")
            .with(Field.OPERATION, "langfuse.observation.type")
            .with(Field.SESSION, "langfuse.session.id")
            .with(Field.USER, "langfuse.user.id")
            .with(Field.ENVIRONMENT, "langfuse.environment")
            .with(Field.ERROR_MESSAGE, "langfuse.observation.status_message")
            .with(Field.WORKFLOW, "langfuse.trace.name"));
  }

  @Override
  void bind(KeySlots all, Map<Field, List<String>> configured) {
    super.bind(all, configured);
    type = all.slots("langfuse.observation.type");
    usageDetails = all.slots("langfuse.observation.usage_details");
    costDetails = all.slots("langfuse.observation.cost_details");
    firstToken = all.slots("langfuse.observation.completion_start_time");
    traceMarks = all.slots("langfuse.observation.model.name");
  }

  @Override
  @Nullable Role role(TraceReader span) {
    AttributeView attributes = span.attributes();
    String of = Values.text(attributes, type);
    if (of.isEmpty()) {
      return Values.told(attributes, usageDetails) && Values.told(attributes, traceMarks)
          ? Role.CLIENT_SDK
          : null;
    }
    return Operations.of(of).role();
  }

  @Override
  void refine(TraceReader span, NormalizedSpan out, Figures figures) {
    AttributeView attributes = span.attributes();
    readUsage(Values.text(attributes, usageDetails), figures);
    String cost = Values.text(attributes, costDetails);
    if (out.reportedPicoUsd == PicoUsd.ABSENT && !out.has(NormalizedSpan.BAD_COST)) {
      readCost(cost, out);
    }
    readFirstToken(Values.text(attributes, firstToken), span, out);
  }

  private static void readUsage(String json, Figures figures) {
    int object = json.indexOf('{');
    if (object < 0) {
      return;
    }
    boolean toldBefore = figures.any();
    figures.input =
        UsageObject.first(figures.input, json, object, "input", "prompt_tokens", "input_tokens");
    figures.output =
        UsageObject.first(
            figures.output, json, object, "output", "completion_tokens", "output_tokens");
    figures.total = UsageObject.first(figures.total, json, object, "total", "total_tokens");
    figures.cacheRead =
        UsageObject.first(
            figures.cacheRead,
            json,
            object,
            "input_cached_tokens",
            "cache_read_input_tokens",
            "input_cache_read");
    figures.cacheWrite =
        UsageObject.first(
            figures.cacheWrite,
            json,
            object,
            "cache_creation_input_tokens",
            "input_cache_creation");
    figures.reasoning =
        UsageObject.first(
            figures.reasoning, json, object, "output_reasoning_tokens", "output_reasoning");
    figures.audioInput =
        UsageObject.first(figures.audioInput, json, object, "input_audio_tokens", "input_audio");
    figures.audioOutput =
        UsageObject.first(figures.audioOutput, json, object, "output_audio_tokens", "output_audio");
    if (!toldBefore) {
      boolean kinds = LooseText.find(json, object, "input") >= 0;
      figures.inputExcludesCache = kinds;
      figures.outputExcludesReasoning = kinds;
    }
  }

  private static void readCost(String json, NormalizedSpan out) {
    BigDecimal total = usd(json, "total");
    BigDecimal input = usd(json, "input");
    BigDecimal output = usd(json, "output");
    if (total == null && (input != null || output != null)) {
      total =
          (input == null ? BigDecimal.ZERO : input).add(output == null ? BigDecimal.ZERO : output);
    }
    if (total != null) {
      ReportedCost.take(total, out);
    }
  }

  private static @Nullable BigDecimal usd(String json, String key) {
    int value = LooseText.find(json, key);
    return LooseText.isTold(json, value) ? Values.decimal(LooseText.token(json, value)) : null;
  }

  private static void readFirstToken(String told, TraceReader span, NormalizedSpan out) {
    if (told.isEmpty() || out.ttftMicros != NormalizedSpan.ABSENT) {
      return;
    }
    try {
      Instant first =
          Instant.parse(told.startsWith("\"") ? told.substring(1, told.length() - 1) : told);
      long micros =
          ChronoUnit.MICROS.between(Instant.ofEpochSecond(0, span.startEpochNanos()), first);
      if (micros >= 0) {
        out.ttftMicros = micros;
        out.streaming = true;
      }
    } catch (DateTimeParseException | StringIndexOutOfBoundsException noTime) {
      // Told in a form nobody documents: as good as not told.
      out.ttftMicros = NormalizedSpan.ABSENT;
    }
  }
}

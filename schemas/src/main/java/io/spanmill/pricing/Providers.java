/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.pricing;

import java.util.Locale;
import java.util.Map;

/**
 * One name per provider: the value of {@code gen_ai.provider.name} where OpenTelemetry defines one.
 * Senders and price lists use many.
 */
public final class Providers {
  private static final Map<String, String> CANONICAL =
      Map.ofEntries(
          Map.entry("azure", "azure.ai.openai"),
          Map.entry("azure_openai", "azure.ai.openai"),
          Map.entry("az.ai.openai", "azure.ai.openai"),
          Map.entry("azure_ai", "azure.ai.inference"),
          Map.entry("az.ai.inference", "azure.ai.inference"),
          Map.entry("bedrock", "aws.bedrock"),
          Map.entry("bedrock_converse", "aws.bedrock"),
          Map.entry("aws", "aws.bedrock"),
          Map.entry("amazon_bedrock", "aws.bedrock"),
          Map.entry("vertex_ai", "gcp.vertex_ai"),
          Map.entry("vertexai", "gcp.vertex_ai"),
          Map.entry("google_vertexai", "gcp.vertex_ai"),
          Map.entry("vertex_ai_beta", "gcp.vertex_ai"),
          Map.entry("gemini", "gcp.gemini"),
          Map.entry("google", "gcp.gemini"),
          Map.entry("google_genai", "gcp.gemini"),
          Map.entry("google_generativeai", "gcp.gemini"),
          Map.entry("mistral", "mistral_ai"),
          Map.entry("mistralai", "mistral_ai"),
          Map.entry("xai", "x_ai"),
          Map.entry("cohere_chat", "cohere"),
          Map.entry("moonshot", "moonshot_ai"),
          Map.entry("watsonx", "ibm.watsonx.ai"),
          Map.entry("text-completion-openai", "openai"));

  private Providers() {}

  /**
   * The canonical name, lower-case; {@code Unknown} and empty become empty; others stay as they
   * are.
   */
  public static String canonical(String provider) {
    String lower = provider.trim().toLowerCase(Locale.ROOT);
    if (lower.isEmpty() || lower.equals("unknown")) {
      return "";
    }
    if (lower.startsWith("vertex_ai-")) {
      return "gcp.vertex_ai";
    }
    return CANONICAL.getOrDefault(lower, lower);
  }
}

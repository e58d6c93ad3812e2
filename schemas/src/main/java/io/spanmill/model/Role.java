/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.model;

import java.util.Locale;

/** What a span is, decided from all it carries and never from its name alone. */
public enum Role {
  /** LiteLLM's span of one attempt of a model call. */
  GATEWAY_CALL,
  /** LiteLLM's server span of one request. */
  GATEWAY_ROOT,
  /** vLLM's span of one engine request. */
  ENGINE,
  /** A model call as an SDK's instrumentation saw it. */
  CLIENT_SDK,
  /** An agent's step; its token figures repeat its children's. */
  AGENT,
  /** A tool's run. */
  TOOL,
  /** A workflow, task or chain. */
  WORKFLOW,
  /** The raw provider request below a gateway call. */
  RAW,
  /** Databases, caches, auth, guardrails, start-up. */
  INFRA,
  /** Anything else. */
  OTHER;

  private final String label = name().toLowerCase(Locale.ROOT);

  /** Name in tables and answers. */
  public String label() {
    return label;
  }
}

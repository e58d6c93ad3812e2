/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.agentops;

import static io.spanmill.query.http.Json.object;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An error answer with a body as AgentOps writes it. */
final class AgentOpsError extends RuntimeException {
  private final int status;
  private final transient Map<String, @Nullable Object> body;

  private AgentOpsError(int status, String message, Map<String, @Nullable Object> body) {
    super(message);
    this.status = status;
    this.body = body;
  }

  /** {@code {"detail": "…"}}. */
  static AgentOpsError detail(int status, String detail) {
    return new AgentOpsError(status, detail, object("detail", detail));
  }

  /** {@code {"error": "…"}}, as its token routes answer. */
  static AgentOpsError error(int status, String error) {
    return new AgentOpsError(status, error, object("error", error));
  }

  /** {@code {"path": …, "message": …}}, as its v2 answered. */
  static AgentOpsError legacy(int status, String path, String message) {
    return new AgentOpsError(status, message, object("path", path, "message", message));
  }

  /** 422 with a list of what is wrong with which value. */
  static AgentOpsError invalid(List<Map<String, @Nullable Object>> problems) {
    return new AgentOpsError(422, "invalid values", object("detail", problems));
  }

  int status() {
    return status;
  }

  Map<String, @Nullable Object> body() {
    return body;
  }
}

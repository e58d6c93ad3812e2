/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import org.jspecify.annotations.Nullable;

/**
 * How the other AgentOps answered when it was asked last.
 *
 * @param url scheme, host, port and path alone
 * @param project the one here that it is set beside
 * @param askedAtMs when it was asked last, or null
 * @param problem why it did not answer then, or null
 */
public record UpstreamState(
    String url, String project, @Nullable Long askedAtMs, @Nullable String problem) {}

/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import io.javalin.http.Context;

/**
 * A request that passed access and parameter checks.
 *
 * @param http the exchange: path parameters, headers, body
 */
public record Asked(Context http, Caller caller, Params params) {}

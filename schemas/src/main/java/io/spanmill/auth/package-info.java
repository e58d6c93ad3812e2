/*
 * SPDX-License-Identifier: Apache-2.0
 */
/** Who may do what: API keys, tokens, projects. Shared by the services that listen. */
@NullMarked
package io.spanmill.auth;

import org.jspecify.annotations.NullMarked;

/*
 * SPDX-License-Identifier: Apache-2.0
 */
/** The AgentOps surface against a whole running Spanmill. */
@NullMarked
package io.spanmill.query.agentops;

import org.jspecify.annotations.NullMarked;

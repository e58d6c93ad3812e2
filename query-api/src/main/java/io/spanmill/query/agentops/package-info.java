/*
 * SPDX-License-Identifier: Apache-2.0
 */
/** The REST surface of a self-hosted AgentOps: its shapes, with this program's figures. */
@NullMarked
package io.spanmill.query.agentops;

import org.jspecify.annotations.NullMarked;

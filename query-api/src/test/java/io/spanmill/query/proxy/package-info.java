/*
 * SPDX-License-Identifier: Apache-2.0
 */
@NullMarked
package io.spanmill.query.proxy;

import org.jspecify.annotations.NullMarked;

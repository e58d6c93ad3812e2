/*
 * SPDX-License-Identifier: Apache-2.0
 */
/** Routes, access, parameters, errors and answers of the REST API. */
@NullMarked
package io.spanmill.query.http;

import org.jspecify.annotations.NullMarked;

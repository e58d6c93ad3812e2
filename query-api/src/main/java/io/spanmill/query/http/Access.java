/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import io.javalin.http.Context;

/** Decides who asks and what they may do. Thread-safe. */
public interface Access {
  /**
   * The caller of this request.
   *
   * @throws ApiException 401 if the request has no valid key, token or cookie where one is needed
   */
  Caller caller(Context http);

  /**
   * The caller, who must have this role.
   *
   * @throws ApiException 401 as above; 403 if the role is missing
   */
  default Caller require(Context http, String role) {
    Caller caller = caller(http);
    if (!caller.has(role)) {
      throw ApiException.forbidden("the key does not have the role " + role, null);
    }
    return caller;
  }
}

/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.agentops;

import io.spanmill.standalone.embedded.SpanmillServers;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Every route of the AgentOps surface on a running Spanmill with keys: its shapes with their types,
 * its errors, and its figures against what was sent. The tests stand by surface in the interfaces,
 * and share what {@link AgentOpsRig} started. {@code -Dagentops.seed} sends other traces.
 */
class AgentOpsIT
    implements TokenRouteTests,
        TraceRouteTests,
        MetricsRouteTests,
        UploadRouteTests,
        PublicRouteTests,
        PortalRouteTests {
  @RegisterExtension static final SpanmillServers servers = new SpanmillServers();

  @BeforeAll
  static void start() throws Exception {
    AgentOpsRig.start(servers);
  }

  @AfterAll
  static void stop() {
    AgentOpsRig.stop();
  }
}

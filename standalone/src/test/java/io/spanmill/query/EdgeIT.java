/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query;

import io.spanmill.standalone.embedded.SpanmillServers;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What the OpenAPI document says is what is answered, and a key sees its own project alone: every
 * operation of the document is asked, over two projects that came through the whole pipeline. The
 * tests stand by subject in the interfaces, and share what {@link EdgeRig} started.
 */
class EdgeIT
    implements KeyAccessTests,
        DocumentedAnswerTests,
        HttpBehaviourTests,
        ExportTests,
        LiveTests,
        WrongTimesTests {
  @RegisterExtension static final SpanmillServers servers = new SpanmillServers();

  @BeforeAll
  static void start() throws Exception {
    EdgeRig.start(servers);
  }

  @AfterAll
  static void stop() {
    EdgeRig.stop();
  }
}

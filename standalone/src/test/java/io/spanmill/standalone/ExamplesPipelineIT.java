/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone;

import io.spanmill.config.Settings;
import io.spanmill.standalone.embedded.SpanmillServers;
import java.util.Map;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Over the embedded servers. */
class ExamplesPipelineIT extends ExamplesPipeline {
  @RegisterExtension static final SpanmillServers servers = new SpanmillServers();

  @Override
  Settings settings() {
    return servers.settings(Map.of());
  }
}

/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone;

import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.standalone.embedded.SpanmillServers;
import java.util.Map;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Over the embedded servers. */
class ExamplesPipelineIT extends ExamplesPipeline {
  @RegisterExtension static final SpanmillServers servers = new SpanmillServers();

  @Override
  Settings settings() {
    // How rarely these are emitted and shown at first would only be waited for.
    return servers.settings(
        Map.of(Keys.EMIT_HOUR_MS, "1000", Keys.EMIT_DAY_MS, "1000", Keys.METRICS_ZERO_MS, "0"));
  }
}

/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.cli;

import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.standalone.Composition;
import io.spanmill.standalone.Logging;
import io.spanmill.standalone.ServiceKind;
import io.spanmill.standalone.embedded.SetupException;
import java.util.List;
import java.util.concurrent.Callable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code ingest}, {@code aggregator}, {@code query-api}: one service, beside servers elsewhere. */
@Command(
    description =
        "Runs this service alone, for real deployments; needs kafka.bootstrap and clickhouse.url.",
    mixinStandardHelpOptions = true)
final class ServiceCommand implements Callable<Integer> {
  private static final Logger LOG = LoggerFactory.getLogger(ServiceCommand.class);

  private final ServiceKind kind;

  @Mixin private SettingsOptions options = new SettingsOptions();

  ServiceCommand(ServiceKind kind) {
    this.kind = kind;
  }

  @Override
  public Integer call() {
    Settings settings = options.load();
    for (String key : List.of(Keys.KAFKA_BOOTSTRAP, Keys.CLICKHOUSE_URL)) {
      if (settings.string(key).isEmpty()) {
        throw new SetupException(
            key
                + " is not set: a service alone uses servers that run elsewhere; set it, or run everything with ./spanmill up");
      }
    }
    Logging.configure(settings.string(Keys.LOG_FORMAT), null, true);
    StopSignal stop = StopSignal.install();
    try (Composition running = Composition.start(settings, List.of(kind), stop::fail)) {
      running.awaitReady(
          Composition.READY_LIMIT,
          stop::ended,
          names -> LOG.info("not ready yet service={}", names));
      if (!stop.ended()) {
        LOG.info("ready service={} ports={}", kind.commandName(), running.ports());
      }
      String why = stop.await();
      if (!why.isEmpty()) {
        throw new SetupException(why);
      }
      return ExitCode.OK;
    } finally {
      stop.finished();
    }
  }
}

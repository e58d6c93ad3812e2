/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone;

import java.nio.file.Path;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.config.Configurator;
import org.apache.logging.log4j.core.config.builder.api.AppenderComponentBuilder;
import org.apache.logging.log4j.core.config.builder.api.ConfigurationBuilder;
import org.apache.logging.log4j.core.config.builder.api.ConfigurationBuilderFactory;
import org.apache.logging.log4j.core.config.builder.impl.BuiltConfiguration;
import org.jspecify.annotations.Nullable;

/**
 * Where log lines go: to standard error, or to a file of the data folder with only warnings on the
 * terminal. Lines are {@code key=value} text or JSON; neither holds payloads or secrets.
 */
public final class Logging {
  private static final String TEXT = "%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %-5level %c{1.} - %m%n%xEx";
  private static final String JSON =
      "{\"time\":\"%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX}\",\"level\":\"%level\",\"logger\":\"%c\","
          + "\"thread\":\"%enc{%t}{JSON}\",\"message\":\"%enc{%m}{JSON}\",\"exception\":\"%enc{%xEx}{JSON}\"}%n";

  private Logging() {}

  /** To be called before anything logs: the stop would otherwise go unlogged. */
  public static void keepThroughShutdown() {
    System.setProperty("log4j.shutdownHookEnabled", "false");
    System.setProperty("log4j2.shutdownHookEnabled", "false");
  }

  /**
   * Sets up the lines.
   *
   * @param format {@code text} or {@code json}
   * @param file file that takes all lines, rolled at 20 MB; null sends them to standard error
   * @param verbose with a file: informative lines on the terminal too
   */
  public static void configure(String format, @Nullable Path file, boolean verbose) {
    ConfigurationBuilder<BuiltConfiguration> builder =
        ConfigurationBuilderFactory.newConfigurationBuilder();
    builder.setStatusLevel(Level.WARN);
    String pattern = format.equals("json") ? JSON : TEXT;
    AppenderComponentBuilder console =
        builder
            .newAppender("console", "Console")
            .addAttribute("target", "SYSTEM_ERR")
            .add(
                builder
                    .newLayout("PatternLayout")
                    .addAttribute("pattern", pattern)
                    .addAttribute("alwaysWriteExceptions", false));
    Level onConsole = file == null || verbose ? Level.INFO : Level.ERROR;
    console.add(
        builder.newFilter("ThresholdFilter", "ACCEPT", "DENY").addAttribute("level", onConsole));
    builder.add(console);
    var root = builder.newRootLogger(Level.WARN).add(builder.newAppenderRef("console"));
    if (file != null) {
      builder.add(
          builder
              .newAppender("file", "RollingFile")
              .addAttribute("fileName", file)
              .addAttribute("filePattern", file + ".%i")
              .add(
                  builder
                      .newLayout("PatternLayout")
                      .addAttribute("pattern", pattern)
                      .addAttribute("alwaysWriteExceptions", false))
              .addComponent(
                  builder
                      .newComponent("Policies")
                      .addComponent(
                          builder
                              .newComponent("SizeBasedTriggeringPolicy")
                              .addAttribute("size", "20MB")))
              .addComponent(
                  builder.newComponent("DefaultRolloverStrategy").addAttribute("max", 3)));
      root.add(builder.newAppenderRef("file"));
    }
    builder.add(builder.newLogger("io.spanmill", Level.INFO));
    // Repeats one line a request for as long as a server is away; the callers log that themselves.
    builder.add(builder.newLogger("com.clickhouse", Level.ERROR));
    // Warns at each look at the ends of topics, which the aggregator takes every second.
    builder.add(
        builder.newLogger(
            "org.apache.kafka.clients.consumer.internals.OffsetFetcherUtils", Level.ERROR));
    builder.add(root);
    Configurator.reconfigure(builder.build());
  }

  /** Writes out what is left; nothing logs after it. */
  public static void end() {
    LogManager.shutdown();
  }
}

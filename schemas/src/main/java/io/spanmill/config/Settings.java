/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.config;

import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigValue;
import org.jspecify.annotations.Nullable;

/**
 * The settings in force: one properties file, then the environment ({@code SPANMILL_} + upper case,
 * dots as underscores), then overrides of the command line, later ones winning. Immutable.
 *
 * <p>Keys that begin with {@code kafka.client.} are handed to every Kafka client without the prefix
 * (security, for one) and are not checked here.
 */
public final class Settings {
  /** Prefix of keys that are passed through to Kafka's own clients. */
  public static final String KAFKA_CLIENT_PREFIX = "kafka.client.";

  private static final String ENV_PREFIX = "SPANMILL_";

  private final AbstractConfig values;
  private final Map<String, String> given;

  private Settings(Map<String, String> given) {
    this.given = Map.copyOf(given);
    Map<String, String> known = new HashMap<>(given);
    known.keySet().removeIf(k -> k.startsWith(KAFKA_CLIENT_PREFIX));
    this.values = new AbstractConfig(Keys.DEFINITIONS, known, false);
  }

  /**
   * Reads and checks everything.
   *
   * @param file properties file, or null for none
   * @param env the process environment
   * @param overrides keys and values that win over both
   * @throws SettingsException naming all problems at once: unknown keys, bad values, unreadable
   *     file
   */
  public static Settings load(
      @Nullable Path file, Map<String, String> env, Map<String, String> overrides) {
    List<String> problems = new ArrayList<>();
    Map<String, String> given = new TreeMap<>();
    if (file != null) {
      readFile(file, given, problems);
    }
    for (Map.Entry<String, String> e : env.entrySet()) {
      if (e.getKey().startsWith(ENV_PREFIX)) {
        String name = nameOfEnv(e.getKey());
        if (name == null) {
          problems.add("environment variable " + e.getKey() + " is not a setting");
        } else {
          given.put(name, e.getValue());
        }
      }
    }
    given.putAll(overrides);
    check(given, problems);
    if (!problems.isEmpty()) {
      throw new SettingsException(problems);
    }
    return new Settings(given);
  }

  /** Settings made of these values alone, for tests and tools; checked like any other. */
  public static Settings of(Map<String, String> overrides) {
    return load(null, Map.of(), overrides);
  }

  /** A copy in which these values win. */
  public Settings with(Map<String, String> overrides) {
    Map<String, String> merged = new HashMap<>(given);
    merged.putAll(overrides);
    return load(null, Map.of(), merged);
  }

  public String string(String key) {
    return values.getString(key);
  }

  public int integer(String key) {
    return values.getInt(key);
  }

  public long longValue(String key) {
    return values.getLong(key);
  }

  public double decimal(String key) {
    return values.getDouble(key);
  }

  public boolean bool(String key) {
    return values.getBoolean(key);
  }

  /** The comma-separated parts, trimmed, without empty ones. */
  public List<String> list(String key) {
    return values.getList(key).stream().map(String::trim).filter(s -> !s.isEmpty()).toList();
  }

  /** A secret's text; never log it. */
  public String secret(String key) {
    return values.getPassword(key).value();
  }

  /** What the user set under {@link #KAFKA_CLIENT_PREFIX}, without the prefix. */
  public Map<String, String> kafkaClient() {
    Map<String, String> out = new HashMap<>();
    given.forEach(
        (k, v) -> {
          if (k.startsWith(KAFKA_CLIENT_PREFIX)) {
            out.put(k.substring(KAFKA_CLIENT_PREFIX.length()), v);
          }
        });
    return out;
  }

  /** The definitions behind {@code docs/settings.md} and {@code config/spanmill.properties}. */
  public static ConfigDef definitions() {
    return Keys.DEFINITIONS;
  }

  private static void readFile(Path file, Map<String, String> into, List<String> problems) {
    Properties properties = new Properties();
    try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
      properties.load(reader);
    } catch (IOException | IllegalArgumentException e) {
      problems.add("cannot read " + file + ": " + e.getMessage());
      return;
    }
    properties.stringPropertyNames().forEach(k -> into.put(k, properties.getProperty(k).trim()));
  }

  private static void check(Map<String, String> given, List<String> problems) {
    Map<String, String> known = new HashMap<>();
    given.forEach(
        (k, v) -> {
          if (Keys.DEFINITIONS.configKeys().containsKey(k)) {
            known.put(k, v);
          } else if (!k.startsWith(KAFKA_CLIENT_PREFIX)) {
            problems.add("unknown setting " + k);
          }
        });
    for (ConfigValue value : Keys.DEFINITIONS.validate(known)) {
      ConfigDef.ConfigKey key = Keys.DEFINITIONS.configKeys().get(value.name());
      boolean secret = key != null && key.type == ConfigDef.Type.PASSWORD;
      for (String message : value.errorMessages()) {
        problems.add(secret ? value.name() + ": bad value" : message);
      }
    }
  }

  private static @Nullable String nameOfEnv(String variable) {
    String wanted = variable.substring(ENV_PREFIX.length()).toLowerCase(Locale.ROOT);
    String clientPrefix = KAFKA_CLIENT_PREFIX.replace('.', '_');
    if (wanted.startsWith(clientPrefix)) {
      return KAFKA_CLIENT_PREFIX + wanted.substring(clientPrefix.length()).replace('_', '.');
    }
    for (String name : Keys.DEFINITIONS.configKeys().keySet()) {
      if (name.replace('.', '_').equals(wanted)) {
        return name;
      }
    }
    return null;
  }
}

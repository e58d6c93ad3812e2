/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.config;

import static org.apache.kafka.common.config.ConfigDef.Importance.HIGH;
import static org.apache.kafka.common.config.ConfigDef.Importance.LOW;
import static org.apache.kafka.common.config.ConfigDef.Importance.MEDIUM;
import static org.apache.kafka.common.config.ConfigDef.Range.atLeast;
import static org.apache.kafka.common.config.ConfigDef.Range.between;
import static org.apache.kafka.common.config.ConfigDef.Type.BOOLEAN;
import static org.apache.kafka.common.config.ConfigDef.Type.DOUBLE;
import static org.apache.kafka.common.config.ConfigDef.Type.INT;
import static org.apache.kafka.common.config.ConfigDef.Type.LIST;
import static org.apache.kafka.common.config.ConfigDef.Type.LONG;
import static org.apache.kafka.common.config.ConfigDef.Type.PASSWORD;
import static org.apache.kafka.common.config.ConfigDef.Type.STRING;

import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.Importance;
import org.apache.kafka.common.config.ConfigDef.Type;
import org.apache.kafka.common.config.ConfigDef.ValidString;
import org.jspecify.annotations.Nullable;

/**
 * Every setting of Spanmill, each defined once: name, type, default, range, document. The order
 * here is the order of the generated table in {@code docs/settings.md}.
 */
public final class Keys {
  private static final long MIB = 1024L * 1024;
  private static final long DAY_MS = 24L * 3600 * 1000;

  /** 50 years. A TTL is worked out in seconds since 1970 in 32 bits: later than 2106, it wraps. */
  private static final int RETENTION_MAX_DAYS = 18_250;

  /** The definitions, in document order. Built before the constants below are initialised. */
  static final ConfigDef DEFINITIONS = new ConfigDef();

  private static int order;

  // One line a setting reads as the table it is.
  // spotless:off
  // Addresses and access
  public static final String BIND_ADDRESS = key("General", "bind.address", STRING, "127.0.0.1", HIGH, "Address the services listen on. Anything but loopback needs auth.keys, or auth.anonymous=true.");
  public static final String DATA_DIR = key("General", "data.dir", STRING, "./data", HIGH, "Folder of the embedded Kafka and ClickHouse and of the job's local state.");
  public static final String AUTH_KEYS = key("General", "auth.keys", PASSWORD, "", HIGH, "API keys, comma-separated, each KEY:PROJECT:ROLE|ROLE with the roles ingest, read, metrics, admin. PROJECT may be * for read, metrics and admin keys.");
  public static final String AUTH_KEYS_FILE = key("General", "auth.keys.file", STRING, "", MEDIUM, "File with one key of the same form a line (# starts a comment). Read again when it changes, so keys rotate without a restart.");
  public static final String AUTH_ANONYMOUS = key("General", "auth.anonymous", BOOLEAN, false, HIGH, "Lets everybody ingest and read project 'default' without a key, on any address.");
  public static final String AUTH_TOKEN_SECRET = key("General", "auth.token.secret", PASSWORD, "", MEDIUM, "Secret that signs the tokens of /v3/auth/token. Empty: ./spanmill up makes one and keeps it in the data folder; a service that runs alone makes one that ends with it. Services that run apart need the same one.");
  public static final String HTTP_HOSTS = key("General", "http.hosts", LIST, "localhost,127.0.0.1,[::1]", MEDIUM, "Host header names that are answered. * answers all.");
  public static final String TLS_CERT_FILE = key("General", "tls.cert.file", STRING, "", MEDIUM, "PEM certificate chain of the ingest and query servers. Empty: no TLS. The three files are read again when they change.");
  public static final String TLS_KEY_FILE = key("General", "tls.key.file", STRING, "", MEDIUM, "PEM private key (PKCS#8) of tls.cert.file.");
  public static final String TLS_CLIENT_CA_FILE = key("General", "tls.client.ca.file", STRING, "", MEDIUM, "PEM certificates that client certificates must chain to. Empty: no mutual TLS.");
  public static final String PROJECTS = key("General", "projects", LIST, "default", MEDIUM, "Known projects, each NAME or NAME=UUID. Without a UUID one is derived from the name.");

  public static final String LOG_FORMAT = key("General", "log.format", STRING, "text", ValidString.in("text", "json"), LOW, "Log lines as text with key=value parts, or as one JSON object a line.");

  // Kafka
  public static final String KAFKA_BOOTSTRAP = key("Kafka", "kafka.bootstrap", STRING, "", HIGH, "Brokers, host:port comma-separated. Empty: the embedded broker.");
  public static final String KAFKA_PORT = key("Kafka", "kafka.port", INT, 9092, between(0, 65535), MEDIUM, "Port of the embedded broker; 0 takes any free one.");
  public static final String KAFKA_PARTITIONS = key("Kafka", "kafka.partitions", INT, 4, between(1, 1024), MEDIUM, "Partitions of each topic, fixed when the topics are created.");
  public static final String KAFKA_REPLICATION = key("Kafka", "kafka.replication.factor", INT, 1, between(1, 16), MEDIUM, "Replicas of each topic. 3 on a cluster; then min.insync.replicas is 2.");
  public static final String KAFKA_RECORD_MAX_BYTES = key("Kafka", "kafka.record.max.bytes", INT, 1_000_000, between(65_536, 64 * 1024 * 1024), MEDIUM, "Largest record value ingest writes, before compression.");
  public static final String KAFKA_SPANS_RETENTION_MS = key("Kafka", "kafka.spans.retention.ms", LONG, 7 * DAY_MS, atLeast(60_000), MEDIUM, "How long otlp_spans is kept.");
  public static final String KAFKA_DERIVED_RETENTION_MS = key("Kafka", "kafka.derived.retention.ms", LONG, 2 * DAY_MS, atLeast(60_000), LOW, "How long llm_calls, llm_partials and llm_rollups are kept.");

  // ClickHouse
  public static final String CLICKHOUSE_URL = key("ClickHouse", "clickhouse.url", STRING, "", HIGH, "HTTP address of an existing server, http(s)://host:port. Empty: the embedded one.");
  public static final String CLICKHOUSE_USER = key("ClickHouse", "clickhouse.user", STRING, "default", HIGH, "User at clickhouse.url.");
  public static final String CLICKHOUSE_PASSWORD = key("ClickHouse", "clickhouse.password", PASSWORD, "", HIGH, "Password at clickhouse.url.");
  public static final String CLICKHOUSE_DATABASE = key("ClickHouse", "clickhouse.database", STRING, "spanmill", MEDIUM, "Database of all tables.");
  public static final String CLICKHOUSE_HTTP_PORT = key("ClickHouse", "clickhouse.http.port", INT, 8123, between(0, 65535), MEDIUM, "Port of the embedded server; 0 takes any free one.");
  public static final String CLICKHOUSE_CLUSTER = key("ClickHouse", "clickhouse.cluster", STRING, "", MEDIUM, "Cluster name: tables are then created ON CLUSTER with Replicated engines.");
  public static final String CLICKHOUSE_MEMORY_MAX = key("ClickHouse", "clickhouse.memory.max.bytes", LONG, 3072 * MIB, atLeast(512 * MIB), LOW, "Memory limit of the embedded server.");
  public static final String RETENTION_CALLS = key("ClickHouse", "retention.calls.days", INT, 400, between(1, RETENTION_MAX_DAYS), MEDIUM, "How long rows of calls are kept.");
  public static final String RETENTION_SPANS = key("ClickHouse", "retention.spans.days", INT, 30, between(1, RETENTION_MAX_DAYS), MEDIUM, "How long rows of spans are kept.");
  public static final String RETENTION_CONTENT = key("ClickHouse", "retention.content.days", INT, 7, between(1, RETENTION_MAX_DAYS), MEDIUM, "How long prompts and completions are kept.");
  public static final String RETENTION_UPLOADS = key("ClickHouse", "retention.uploads.days", INT, 30, between(1, RETENTION_MAX_DAYS), MEDIUM, "How long logs and objects that the AgentOps SDK uploads are kept.");
  public static final String RETENTION_MINUTE = key("ClickHouse", "retention.rollup.minute.days", INT, 14, between(1, RETENTION_MAX_DAYS), MEDIUM, "How long minute rollups are kept.");
  public static final String RETENTION_HOUR = key("ClickHouse", "retention.rollup.hour.days", INT, 400, between(1, RETENTION_MAX_DAYS), MEDIUM, "How long hour rollups are kept.");
  public static final String RETENTION_DAY = key("ClickHouse", "retention.rollup.day.days", INT, 3650, between(1, RETENTION_MAX_DAYS), MEDIUM, "How long day rollups are kept. All-time rows are kept for ever.");

  // Ingest
  public static final String INGEST_HTTP_PORT = key("Ingest", "ingest.http.port", INT, 4318, between(0, 65535), HIGH, "OTLP/HTTP port, with /health, /ready and /metrics; 0 takes any free one.");
  public static final String INGEST_GRPC_PORT = key("Ingest", "ingest.grpc.port", INT, 4317, between(0, 65535), HIGH, "OTLP/gRPC port; 0 takes any free one.");
  public static final String INGEST_MAX_COMPRESSED = key("Ingest", "ingest.max.compressed.bytes", LONG, 64 * MIB, between(1024, 1024 * MIB), MEDIUM, "Largest request body as sent.");
  public static final String INGEST_MAX_BODY = key("Ingest", "ingest.max.body.bytes", LONG, 64 * MIB, between(1024, 1024 * MIB), MEDIUM, "Largest request body after decompression.");
  public static final String INGEST_MAX_SPANS = key("Ingest", "ingest.max.spans", INT, 100_000, between(1, 10_000_000), MEDIUM, "Most spans of one request.");
  public static final String INGEST_MAX_SPAN_BYTES = key("Ingest", "ingest.max.span.bytes", INT, 900_000, between(4096, 64 * 1024 * 1024), MEDIUM, "Largest span as written; past it the longest attribute values are cut and marked.");
  public static final String INGEST_MAX_INFLIGHT_BYTES = key("Ingest", "ingest.max.inflight.bytes", LONG, 192 * MIB, atLeast(MIB), MEDIUM, "Decompressed bytes of requests being served at one time; past it 503 or UNAVAILABLE.");
  public static final String INGEST_MAX_REQUESTS = key("Ingest", "ingest.max.requests", INT, 1024, between(1, 100_000), MEDIUM, "Requests being served at one time.");
  public static final String INGEST_PROJECT_SHARE = key("Ingest", "ingest.project.share", DOUBLE, 0.5, between(0.01, 1.0), MEDIUM, "Largest share of ingest.max.inflight.bytes one project may hold while others send.");
  public static final String INGEST_MAX_CONNECTIONS = key("Ingest", "ingest.max.connections", INT, 2048, between(1, 100_000), MEDIUM, "Open connections per port.");
  public static final String INGEST_REQUEST_TIMEOUT_MS = key("Ingest", "ingest.request.timeout.ms", LONG, 10_000L, between(100, 600_000), MEDIUM, "Longest a request may take, sending included; slow senders are cut off.");
  public static final String INGEST_IDLE_TIMEOUT_MS = key("Ingest", "ingest.idle.timeout.ms", LONG, 60_000L, between(1000, 3_600_000), LOW, "How long a connection without requests stays open.");
  public static final String INGEST_MAX_HEADER = key("Ingest", "ingest.max.header.bytes", INT, 16 * 1024, between(1024, 1024 * 1024), LOW, "Largest head of a request; past it 431.");
  public static final String INGEST_PRODUCE_TIMEOUT_MS = key("Ingest", "ingest.produce.timeout.ms", INT, 8000, between(500, 600_000), MEDIUM, "Longest wait for Kafka's acknowledgement before the sender is told to retry.");
  public static final String INGEST_LINGER_MS = key("Ingest", "ingest.linger.ms", INT, 5, between(0, 1000), LOW, "How long small requests wait to share a record.");
  public static final String INGEST_CORS_ORIGINS = key("Ingest", "ingest.cors.origins", LIST, "", LOW, "Origins that browsers may send from; a leading *. matches subdomains. Empty: none.");
  public static final String INGEST_BRIDGE_TOPICS = key("Ingest", "ingest.bridge.topics", LIST, "", MEDIUM, "Topics filled by a Collector's kafkaexporter, each TOPIC, TOPIC=otlp_proto or TOPIC=otlp_json.");
  public static final String INGEST_BRIDGE_PROJECT = key("Ingest", "ingest.bridge.project", STRING, "default", LOW, "Project of spans that come by the bridge.");
  public static final String INGEST_BRIDGE_GROUP = key("Ingest", "ingest.bridge.group", STRING, "spanmill-bridge", LOW, "Consumer group of the bridge. Instances of one group share the topics' partitions.");
  public static final String INGEST_BRIDGE_INSTANCE = key("Ingest", "ingest.bridge.instance", STRING, "", LOW, "Name of this instance in the group: it takes over at once from a predecessor that died. Empty: host name and HTTP port.");

  // Rollup job
  public static final String AGGREGATOR_PORT = key("Aggregator", "aggregator.port", INT, 8081, between(0, 65535), MEDIUM, "Port of the aggregator's /health, /ready and /metrics; 0 takes any free one.");
  public static final String AGGREGATOR_THREADS = key("Aggregator", "aggregator.threads", INT, 1, between(1, 64), MEDIUM, "Stream threads.");
  public static final String COMMIT_INTERVAL_MS = key("Aggregator", "aggregator.commit.interval.ms", INT, 1000, between(50, 60_000), LOW, "Commit interval of the rollup job; results show after it. A shorter one costs the job CPU.");
  public static final String EMIT_MINUTE_MS = key("Aggregator", "aggregator.emit.minute.ms", LONG, 1000L, between(100, 60_000), LOW, "How often changed rows of each cube's finest window, and of closed windows, are emitted; as the commit interval, or some are emitted one interval late.");
  public static final String EMIT_HOUR_MS = key("Aggregator", "aggregator.emit.hour.ms", LONG, 10_000L, between(100, 600_000), LOW, "How often changed rows of open hour windows are emitted.");
  public static final String EMIT_DAY_MS = key("Aggregator", "aggregator.emit.day.ms", LONG, 30_000L, between(100, 600_000), LOW, "How often changed rows of open day windows and of all time are emitted.");
  public static final String KEEP_MINUTE_MS = key("Aggregator", "aggregator.keep.minute.ms", LONG, 2 * 3600 * 1000L, between(60_000, 30 * DAY_MS), LOW, "How long after its end a minute window stays in state; later data reopens it as a new generation.");
  public static final String KEEP_HOUR_MS = key("Aggregator", "aggregator.keep.hour.ms", LONG, 6 * 3600 * 1000L, between(60_000, 30 * DAY_MS), LOW, "The same for hour windows.");
  public static final String KEEP_DAY_MS = key("Aggregator", "aggregator.keep.day.ms", LONG, 2 * DAY_MS, between(60_000, 60 * DAY_MS), LOW, "The same for day windows.");
  public static final String DEDUP_HORIZON_MS = key("Aggregator", "dedup.horizon.ms", LONG, DAY_MS, between(1000, 30 * DAY_MS), MEDIUM, "How far back, in arrival time, a span or call delivered again is recognised.");
  public static final String DEDUP_MAX_ENTRIES = key("Aggregator", "dedup.max.entries", INT, 10_000_000, between(1000, 200_000_000), MEDIUM, "Most remembered calls over all partitions of this process; the oldest are forgotten first.");
  public static final String CARDINALITY_LIMIT = key("Aggregator", "cardinality.limit", INT, 10_000, between(10, 10_000_000), MEDIUM, "Most values of one dimension per cube and window; later ones fold into __other__.");
  public static final String LAYERS_DIRECT = key("Aggregator", "layers.direct", LIST, "", MEDIUM, "Services (service.name) or hosts whose model calls pass no gateway: their client spans count in layer direct.");
  public static final String GATEWAY_SERVICES = key("Aggregator", "layers.gateway.services", LIST, "litellm", MEDIUM, "Values of service.name that mark LiteLLM's own server spans (v2).");
  public static final String CUBES_FILE = key("Aggregator", "cubes.file", STRING, "", LOW, "YAML file with further cubes and attribute dimensions. Empty: the built-in four.");
  public static final String DIALECTS_FILE = key("Aggregator", "dialects.file", STRING, "", LOW, "YAML file with further attribute keys by field. Empty: the built-in tables.");
  public static final String PRICES_PATHS = key("Aggregator", "prices.paths", LIST, "config/prices", HIGH, "Price books in order of precedence: folders of YAML, YAML files, or LiteLLM cost maps (.json, path or http(s) URL).");
  public static final String PRICES_RELOAD_MS = key("Aggregator", "prices.reload.ms", LONG, 30_000L, between(1000, DAY_MS), LOW, "How often price books are looked at for changes.");
  public static final String ENGINES_FILE = key("Aggregator", "engines.file", STRING, "config/engines.yaml", MEDIUM, "Which model each vLLM service or host serves, and GPU-hour rates.");
  public static final String CONTENT_STORAGE = key("Aggregator", "content.storage", STRING, "on", ValidString.in("off", "redact", "on"), HIGH, "Prompts and completions: off (not stored), redact (lengths and hashes only) or on.");
  public static final String SPANS_INFRA = key("Aggregator", "spans.infra.store", BOOLEAN, true, LOW, "Whether raw and infrastructure spans (redis, postgres, auth, raw_gen_ai_request) are stored.");
  public static final String SINK_BATCH_ROWS = key("Aggregator", "sink.batch.rows", INT, 100_000, between(1, 2_000_000), LOW, "Most rows of one insert.");
  public static final String SINK_LINGER_MS = key("Aggregator", "sink.linger.ms", LONG, 200L, between(0, 60_000), LOW, "How long after the first row of a batch a sink collects more before it inserts; that of the rollups, which come at once, a quarter of it.");
  public static final String SINK_INTERVAL_MS = key("Aggregator", "sink.interval.ms", LONG, 1000L, between(0, 60_000), LOW, "Least time from one insert of a sink to its next, unless a batch is full: each insert costs ClickHouse a part, whatever its size. Of the rollups, which the job emits all at once, a quarter of it.");
  public static final String RECONCILE_INTERVAL_MS = key("Aggregator", "reconcile.interval.ms", LONG, 3600 * 1000L, between(0, 7 * DAY_MS), LOW, "How often reconcile runs by itself; 0 never.");
  public static final String RECONCILE_RANGE_MS = key("Aggregator", "reconcile.range.ms", LONG, 2 * DAY_MS, between(3600 * 1000L, 400 * DAY_MS), LOW, "How far back it looks when it runs by itself; ./spanmill reconcile looks at all that is kept.");

  // Query API
  public static final String QUERY_PORT = key("Query API", "query.port", INT, 8080, between(0, 65535), HIGH, "Port of the REST API, the screen and /metrics; 0 takes any free one.");
  public static final String QUERY_WEB_DIR = key("Query API", "query.web.dir", STRING, "query-api/target/web", LOW, "Folder of the screen's built files.");
  public static final String QUERY_RAW_MAX_ROWS = key("Query API", "query.raw.max.rows", LONG, 20_000_000L, between(1000, 10_000_000_000L), MEDIUM, "Most rows of calls a question may read that no cube answers.");
  public static final String QUERY_TIMEOUT_MS = key("Query API", "query.timeout.ms", LONG, 15_000L, between(100, 600_000), MEDIUM, "Longest a query may run in ClickHouse.");
  public static final String QUERY_MEMORY_MAX = key("Query API", "query.memory.max.bytes", LONG, 1024 * MIB, atLeast(16 * MIB), LOW, "Most memory one query may take in ClickHouse.");
  public static final String QUERY_MAX_RANGE_DAYS = key("Query API", "query.max.range.days", INT, 800, between(1, 36500), MEDIUM, "Longest time range of one question.");
  public static final String QUERY_CACHE_BYTES = key("Query API", "query.cache.bytes", LONG, 64 * MIB, between(0, 16_384 * MIB), LOW, "Result cache; 0 turns it off.");
  public static final String QUERY_RATE_LIMIT = key("Query API", "query.rate.limit", INT, 100, between(1, 1_000_000), LOW, "Requests a second per key or address; past it 429.");
  public static final String QUERY_CORS_ORIGINS = key("Query API", "query.cors.origins", LIST, "", LOW, "Origins that browsers may read from, with credentials. Empty: none.");
  public static final String METRICS_MAX_SERIES = key("Query API", "metrics.max.series", INT, 2000, between(1, 1_000_000), MEDIUM, "Most label sets of /metrics; the rest fold into __other__.");
  public static final String METRICS_ZERO_MS = key("Query API", "metrics.zero.ms", LONG, 20_000L, between(0, 600_000), LOW, "How long a new series of /metrics is shown at 0 before its value, so that increase() sees its first calls; more than the scrape interval.");
  public static final String AGENTOPS_UPSTREAM_URL = key("Query API", "agentops.upstream.url", STRING, "", LOW, "A self-hosted AgentOps to set figures beside (?source=agentops).");
  public static final String AGENTOPS_UPSTREAM_KEY = key("Query API", "agentops.upstream.key", PASSWORD, "", LOW, "API key for agentops.upstream.url.");
  public static final String AGENTOPS_UPSTREAM_SESSION = key("Query API", "agentops.upstream.session", PASSWORD, "", LOW, "Value of the session_id cookie at agentops.upstream.url, where that AgentOps answers its dashboard's routes to sessions alone. Empty: the token of agentops.upstream.key.");
  public static final String AGENTOPS_UPSTREAM_PROJECT = key("Query API", "agentops.upstream.project", STRING, "default", LOW, "Project here that agentops.upstream.url is set beside; who may read it may read that AgentOps too.");
  public static final String AGENTOPS_UPSTREAM_TIMEOUT_MS = key("Query API", "agentops.upstream.timeout.ms", LONG, 10_000L, between(100, 120_000), LOW, "Longest wait for an answer of agentops.upstream.url.");
  public static final String AGENTOPS_UPLOADS_MAX = key("Query API", "agentops.uploads.max.bytes", LONG, 10_240 * MIB, atLeast(MIB), LOW, "Most bytes of uploaded logs and objects kept per project; past it uploads are refused with 507.");
  public static final String PROXY_GRAFANA_URL = key("Query API", "proxy.grafana.url", STRING, "", MEDIUM, "Grafana behind /api/proxy/grafana/ and the Grafana tab. Empty: no proxy.");
  public static final String PROXY_LANGFUSE_URL = key("Query API", "proxy.langfuse.url", STRING, "", LOW, "Langfuse behind /api/proxy/langfuse/ and the Langfuse tab. Empty: no proxy.");
  public static final String PROXY_ACCESS = key("Query API", "proxy.access", STRING, "all-projects", ValidString.in("all-projects", "read", "admin"), MEDIUM, "Who may open the proxied tools, which show what they will of any project: keys that read all projects (without keys, this machine), everybody with the role read (in anonymous mode everybody), or admin keys.");
  public static final String PROXY_TIMEOUT_MS = key("Query API", "proxy.timeout.ms", LONG, 30_000L, between(100, 600_000), LOW, "Longest wait until a proxied tool begins to answer; past it 504.");
  public static final String PROXY_MAX_REQUEST_BYTES = key("Query API", "proxy.max.request.bytes", LONG, 16 * MIB, between(1024, 1024 * MIB), LOW, "Largest request body that is passed on to a proxied tool.");
  public static final String PROXY_MAX_REQUESTS = key("Query API", "proxy.max.requests", INT, 256, between(1, 100_000), LOW, "Requests and WebSockets that are passed on at one time; past it 503.");
  public static final String LIVE_MAX_CLIENTS = key("Query API", "live.max.clients", INT, 200, between(1, 100_000), LOW, "Readers of /api/v1/live at one time; past it 503.");
  public static final String LIVE_QUEUE_CALLS = key("Query API", "live.queue.calls", INT, 500, between(10, 100_000), LOW, "Calls that wait for one reader of /api/v1/live; past it calls are left out, which the reader is told.");
  public static final String LIVE_PING_MS = key("Query API", "live.ping.ms", LONG, 15_000L, between(1000, 300_000), LOW, "How often a reader of /api/v1/live to whom nothing is sent gets a sign of life; one that is gone is noticed by it.");
  public static final String EXPORT_MAX_ROWS = key("Query API", "export.max.rows", INT, 100_000, between(1, 10_000_000), LOW, "Most rows of one export.");

  // spotless:on
  private Keys() {}

  private static String key(
      String group, String name, Type type, Object def, Importance importance, String doc) {
    return key(group, name, type, def, null, importance, doc);
  }

  private static String key(
      String group,
      String name,
      Type type,
      Object def,
      ConfigDef.@Nullable Validator validator,
      Importance importance,
      String doc) {
    DEFINITIONS.define(
        name, type, def, validator, importance, doc, group, order++, ConfigDef.Width.MEDIUM, name);
    return name;
  }
}

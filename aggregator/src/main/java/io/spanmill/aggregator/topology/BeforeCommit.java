/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.topology;

import java.util.Map;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.StateStoreContext;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.internals.CacheFlushListener;
import org.apache.kafka.streams.state.internals.CachedStateStore;

/**
 * A store that holds nothing: it lets a processor write what it still has in memory into its real
 * stores before its task commits. Streams offers that to caching stores alone, by an interface that
 * is public in Java but not in its documentation; {@code StateStore.commit} is not called at each
 * commit (Streams 4.3). That it is called is what {@code RollupStateTest} and {@code CrashIT}
 * prove.
 *
 * <p>The real stores must not cache: whether their cache is flushed before this or after is not
 * defined. Used by the task's thread alone.
 */
final class BeforeCommit implements StateStore, CachedStateStore<byte[], byte[]> {
  private final String name;
  private Runnable action = () -> {};
  private boolean open;

  private BeforeCommit(String name) {
    this.name = name;
  }

  /** What the task is to do before each commit. */
  void run(Runnable beforeCommit) {
    action = beforeCommit;
  }

  @Override
  public void flushCache() {
    action.run();
  }

  @Override
  public void clearCache() {
    // Nothing is held here; what the processor holds it forgets when it is begun anew.
  }

  @Override
  public boolean setFlushListener(
      CacheFlushListener<byte[], byte[]> listener, boolean sendOldValues) {
    return false;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public void init(StateStoreContext context, StateStore root) {
    context.register(root, (key, value) -> {});
    open = true;
  }

  @Override
  public void close() {
    open = false;
    action = () -> {};
  }

  @Override
  public boolean persistent() {
    return false;
  }

  @Override
  public boolean isOpen() {
    return open;
  }

  /** Makes one for each task. */
  record Builder(String name) implements StoreBuilder<BeforeCommit> {
    @Override
    public BeforeCommit build() {
      return new BeforeCommit(name);
    }

    @Override
    public StoreBuilder<BeforeCommit> withCachingEnabled() {
      return this;
    }

    @Override
    public StoreBuilder<BeforeCommit> withCachingDisabled() {
      return this;
    }

    @Override
    public StoreBuilder<BeforeCommit> withLoggingEnabled(Map<String, String> config) {
      throw new UnsupportedOperationException("store " + name + " holds nothing to log");
    }

    @Override
    public StoreBuilder<BeforeCommit> withLoggingDisabled() {
      return this;
    }

    @Override
    public Map<String, String> logConfig() {
      return Map.of();
    }

    @Override
    public boolean loggingEnabled() {
      return false;
    }
  }
}

/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator;

import java.util.Map;
import org.apache.kafka.streams.state.RocksDBConfigSetter;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.Cache;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.WriteBufferManager;

/**
 * One cache and one budget of write buffers for all stores of a job: memory that grows neither with
 * partitions nor with stores. Lives as long as the job; closed after it.
 */
final class RocksMemory implements AutoCloseable {
  /** Key under which the stream configuration hands it to {@link Setter}. */
  static final String CONFIG = "spanmill.rocksdb.memory";

  private static final long CACHE_BYTES = 96L * 1024 * 1024;
  private static final long WRITE_BUFFER_BYTES = 48L * 1024 * 1024;
  private static final long STORE_WRITE_BUFFER_BYTES = 8L * 1024 * 1024;

  private final Cache cache;
  private final WriteBufferManager writeBuffers;

  RocksMemory() {
    RocksDB.loadLibrary();
    cache = new LRUCache(CACHE_BYTES, -1, false, 0.1);
    writeBuffers = new WriteBufferManager(WRITE_BUFFER_BYTES, cache);
  }

  @Override
  public void close() {
    writeBuffers.close();
    cache.close();
  }

  /** Made by Streams, once per store. */
  public static final class Setter implements RocksDBConfigSetter {
    @Override
    public void setConfig(String store, Options options, Map<String, Object> configs) {
      if (!(configs.get(CONFIG) instanceof RocksMemory memory)) {
        throw new IllegalStateException("stream configuration lacks " + CONFIG);
      }
      BlockBasedTableConfig table = (BlockBasedTableConfig) options.tableFormatConfig();
      table.setBlockCache(memory.cache);
      table.setCacheIndexAndFilterBlocks(true);
      table.setPinTopLevelIndexAndFilter(true);
      options.setTableFormatConfig(table);
      options.setWriteBufferManager(memory.writeBuffers);
      options.setWriteBufferSize(STORE_WRITE_BUFFER_BYTES);
      options.setMaxWriteBufferNumber(2);
    }

    @Override
    public void close(String store, Options options) {
      // Cache and write buffers are shared and outlive the store.
    }
  }
}

/*
 * SPDX-License-Identifier: Apache-2.0
 */
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { mockApi } from './dev/mock.ts';

/** `--mode mock` answers /api/v1 from made-up data; otherwise requests go to a running query API. */
export default defineConfig(({ mode }) => {
  const target = process.env['SPANMILL_URL'] ?? 'http://127.0.0.1:8080';
  const proxy = { '/api': { target, changeOrigin: true }, '/metrics': { target, changeOrigin: true } };
  return {
    base: '/',
    plugins: mode === 'mock' ? [react(), mockApi()] : [react()],
    build: {
      outDir: '../target/web',
      emptyOutDir: true,
      target: 'es2022',
      chunkSizeWarningLimit: 900,
    },
    server: { host: '127.0.0.1', ...(mode === 'mock' ? {} : { proxy }) },
    preview: { host: '127.0.0.1', ...(mode === 'mock' ? {} : { proxy }) },
  };
});

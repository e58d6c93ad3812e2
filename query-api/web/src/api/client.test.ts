/*
 * SPDX-License-Identifier: Apache-2.0
 */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ApiError, getJson, onLoginWanted, withParams } from './client';

const answer = (status: number, body: string, headers: Record<string, string> = {}) => {
  const response = new Response(body, { status, headers });
  Object.defineProperty(response, 'url', { value: 'http://127.0.0.1/api/v1/x' });
  vi.stubGlobal('fetch', () => Promise.resolve(response));
};

afterEach(() => vi.unstubAllGlobals());

describe('withParams', () => {
  it('repeats lists and leaves out what is empty', () => {
    expect(withParams('/p', { a: ['x', 'y&z'], b: '', c: null, d: undefined, e: false, f: 0 })).toBe('/p?a=x&a=y%26z&f=0');
    expect(withParams('/p', {})).toBe('/p');
  });
});

describe('getJson', () => {
  it('gives the body of a good answer', async () => {
    answer(200, '{"a":1}');
    await expect(getJson('/api/v1/x')).resolves.toEqual({ a: 1 });
  });
  it('takes the time that goes on from the header of an answer that stayed', async () => {
    answer(200, '{"completeThrough":"2026-11-26T00:00:00Z","a":1}', { 'x-spanmill-complete-through': '2026-11-26T00:05:00Z' });
    await expect(getJson('/api/v1/x')).resolves.toEqual({ completeThrough: '2026-11-26T00:05:00Z', a: 1 });
  });
  it('throws the message and field of an error answer', async () => {
    answer(400, '{"error":{"code":"bad_range","message":"from is after to","field":"from"}}');
    const error: unknown = await getJson('/api/v1/x').catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 400, code: 'bad_range', message: 'from is after to', field: 'from' });
  });
  it('names a body that is no JSON', async () => {
    answer(502, '<html>');
    await expect(getJson('/api/v1/x')).rejects.toMatchObject({ status: 502, code: 'not_json' });
  });
  it('says that the API cannot be reached', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('failed')));
    await expect(getJson('/api/v1/x')).rejects.toMatchObject({ status: 0, code: 'unreachable' });
  });
  it('asks for a login on 401', async () => {
    answer(401, '{"error":{"code":"unauthorized","message":"no key","field":null}}');
    const wanted = vi.fn();
    const stop = onLoginWanted(wanted);
    await getJson('/api/v1/x').catch(() => undefined);
    stop();
    expect(wanted).toHaveBeenCalledTimes(1);
  });
});

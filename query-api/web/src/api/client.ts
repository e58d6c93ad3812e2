/*
 * SPDX-License-Identifier: Apache-2.0
 */
import type { ApiErrorBody, LoginAnswer } from './types';

/** An answer other than 2xx, or none at all (`status` 0). */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: string;
  readonly field: string | null;

  constructor(status: number, code: string, message: string, field: string | null) {
    super(message);
    this.status = status;
    this.code = code;
    this.field = field;
  }
}

export type ParamValue = string | number | boolean | null | undefined | readonly string[];
export type Params = Record<string, ParamValue>;

/** `path?query`; lists repeat their name; null, undefined, false and "" are left out. */
export function withParams(path: string, params: Params): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value === null || value === undefined || value === '' || value === false) continue;
    if (typeof value === 'object') for (const one of value) query.append(name, one);
    else query.set(name, String(value));
  }
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
}

const loginWanted = new Set<() => void>();

/** Called whenever an answer is 401. Returns the way to stop listening. */
export function onLoginWanted(listener: () => void): () => void {
  loginWanted.add(listener);
  return () => loginWanted.delete(listener);
}

export async function getJson<T>(path: string, params: Params = {}, signal?: AbortSignal): Promise<T> {
  const answer = await request(withParams(path, params), signal ? { signal } : {});
  if (answer.status === 401) for (const listener of loginWanted) listener();
  return read<T>(answer);
}

/** Trades a key for the session cookie. */
export async function login(key: string): Promise<LoginAnswer> {
  return read<LoginAnswer>(
    await request('/api/v1/login', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ key }) }),
  );
}

async function request(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, { credentials: 'same-origin', ...init, headers: { accept: 'application/json', ...init.headers } });
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new ApiError(0, 'unreachable', 'The query API does not answer.', null);
  }
}

async function read<T>(answer: Response): Promise<T> {
  const text = await answer.text();
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new ApiError(answer.status, 'not_json', `HTTP ${answer.status} without a JSON body from ${new URL(answer.url).pathname}`, null);
  }
  if (answer.ok) return timely(body, answer) as T;
  const error = (body as Partial<ApiErrorBody>).error;
  throw new ApiError(answer.status, error?.code ?? 'unknown', error?.message ?? `HTTP ${answer.status}`, error?.field ?? null);
}

/** Of an answer that did not change the browser keeps the body and takes the newer headers: the time in them goes on. */
function timely(body: unknown, answer: Response): unknown {
  const through = answer.headers.get('x-spanmill-complete-through');
  return through !== null && typeof body === 'object' && body !== null && 'completeThrough' in body ? { ...body, completeThrough: through } : body;
}

/*
 * SPDX-License-Identifier: Apache-2.0
 */
import { useCallback, useMemo, useSyncExternalStore } from 'react';
import { basePath, parseUrl, toSearch, type UrlState } from './url';

const CHANGED = 'spanmill:url';

function subscribe(listener: () => void): () => void {
  window.addEventListener('popstate', listener);
  window.addEventListener(CHANGED, listener);
  return () => {
    window.removeEventListener('popstate', listener);
    window.removeEventListener(CHANGED, listener);
  };
}

const snapshot = () => window.location.pathname + window.location.search;

/** A state's address under the mount the screen was opened at; for links. */
export function hrefOf(state: UrlState): string {
  return basePath(window.location.pathname) + toSearch(state);
}

/** `replace` for what should not grow the history: typing, walking, playing. */
export type UpdateUrl = (patch: Partial<UrlState>, how?: 'push' | 'replace') => void;

export function useUrl(): [UrlState, UpdateUrl] {
  const location = useSyncExternalStore(subscribe, snapshot);
  const state = useMemo(() => {
    const [pathname = '/', search = ''] = location.split(/(?=\?)/);
    return parseUrl(pathname, search);
  }, [location]);
  const update = useCallback<UpdateUrl>((patch, how = 'push') => {
    const current = parseUrl(window.location.pathname, window.location.search);
    const href = hrefOf({ ...current, ...patch });
    if (href === snapshot()) return;
    if (how === 'push') window.history.pushState(null, '', href);
    else window.history.replaceState(null, '', href);
    window.dispatchEvent(new Event(CHANGED));
  }, []);
  return [state, update];
}

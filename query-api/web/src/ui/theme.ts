/*
 * SPDX-License-Identifier: Apache-2.0
 */
import { useEffect, useState, useSyncExternalStore } from 'react';

export type Theme = 'auto' | 'light' | 'dark';
const STORED = 'spanmill.theme';
const CHANGED = 'spanmill:theme';

function stored(): Theme {
  const value = localStorage.getItem(STORED);
  return value === 'light' || value === 'dark' ? value : 'auto';
}

export function applyTheme(theme: Theme): void {
  if (theme === 'auto') {
    localStorage.removeItem(STORED);
    delete document.documentElement.dataset['theme'];
  } else {
    localStorage.setItem(STORED, theme);
    document.documentElement.dataset['theme'] = theme;
  }
  window.dispatchEvent(new Event(CHANGED));
}

export function useTheme(): [Theme, (theme: Theme) => void] {
  const [theme, set] = useState<Theme>(stored);
  useEffect(() => applyTheme(theme), [theme]);
  return [theme, set];
}

const darkQuery = () => window.matchMedia('(prefers-color-scheme: dark)');

/** Whether dark colours are shown now; charts draw with it. */
export function useDark(): boolean {
  return useSyncExternalStore(
    (listener) => {
      const query = darkQuery();
      query.addEventListener('change', listener);
      window.addEventListener(CHANGED, listener);
      return () => {
        query.removeEventListener('change', listener);
        window.removeEventListener(CHANGED, listener);
      };
    },
    () => {
      const chosen = document.documentElement.dataset['theme'];
      return chosen === undefined ? darkQuery().matches : chosen === 'dark';
    },
  );
}

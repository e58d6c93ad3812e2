/*
 * SPDX-License-Identifier: Apache-2.0
 */
import { useEffect, useRef } from 'react';

interface ListKeys {
  walk: (by: number) => void;
  open: () => void;
  close: () => void;
  search: () => void;
}

/** True where keys are for typing or choosing. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || ['INPUT', 'SELECT', 'TEXTAREA'].includes(target.tagName));
}

/** j k ↑ ↓ walk, Page keys jump, Enter opens, Esc closes, / searches: wherever the focus is, unless one is typing. */
export function useListKeys(keys: ListKeys): void {
  const current = useRef(keys);
  useEffect(() => {
    current.current = keys;
  });
  useEffect(() => {
    const press = (e: KeyboardEvent) => {
      if (e.defaultPrevented || e.metaKey || e.ctrlKey || e.altKey) return;
      if (isTyping(e.target)) {
        if (e.key === 'Escape') (e.target as HTMLElement).blur();
        return;
      }
      const onControl = e.target instanceof HTMLElement && e.target.closest('button, [role=tab], .pop-body') !== null;
      const by = { j: 1, k: -1, ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15 }[e.key];
      if (by !== undefined) current.current.walk(by);
      else if (e.key === 'Enter' && !onControl) current.current.open();
      else if (e.key === 'Escape') current.current.close();
      else if (e.key === '/') current.current.search();
      else return;
      e.preventDefault();
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, []);
}

/*
 * SPDX-License-Identifier: Apache-2.0
 */
import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from 'react';
import { en, type Key } from './en';
import { ko } from './ko';

export type Lang = 'en' | 'ko';
export type { Key };
export type Translate = (key: Key, values?: Record<string, string | number>) => string;

const DICTIONARIES: Record<Lang, Record<Key, string>> = { en, ko };
const STORED = 'spanmill.lang';

/** Puts values in place of `{name}`, and in place of `{name|call|calls}` the word that goes with the value. */
export function fill(text: string, values: Record<string, string | number> = {}): string {
  return text.replace(/\{(\w+)(?:\|([^|}]+)\|([^|}]+))?\}/g, (whole, name: string, one?: string, more?: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    return (String(value) === '1' ? one : more) ?? String(value);
  });
}

interface LangState {
  lang: Lang;
  setLang: (lang: Lang) => void;
  t: Translate;
}

const Context = createContext<LangState | null>(null);

/** What was chosen last, else what the browser asks for. */
function initialLang(): Lang {
  const stored = localStorage.getItem(STORED);
  if (stored === 'en' || stored === 'ko') return stored;
  return navigator.language.startsWith('ko') ? 'ko' : 'en';
}

export function LangProvider({ children }: { children: ReactNode }) {
  const [lang, set] = useState<Lang>(initialLang);
  useEffect(() => {
    document.documentElement.lang = lang;
  }, [lang]);
  const setLang = useCallback((next: Lang) => {
    localStorage.setItem(STORED, next);
    set(next);
  }, []);
  const t = useCallback<Translate>((key, values) => fill(DICTIONARIES[lang][key], values), [lang]);
  const value = useMemo(() => ({ lang, setLang, t }), [lang, setLang, t]);
  return <Context.Provider value={value}>{children}</Context.Provider>;
}

export function useLang(): LangState {
  const value = useContext(Context);
  if (value === null) throw new Error('useLang outside LangProvider');
  return value;
}

export function useT(): Translate {
  return useLang().t;
}

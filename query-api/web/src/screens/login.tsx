/*
 * SPDX-License-Identifier: Apache-2.0
 */
import { useState, type FormEvent } from 'react';
import { ApiError, login } from '../api/client';
import { useT } from '../i18n';
import { Logo } from '../ui/icons';

/** Asks for a key after an answer of 401. */
export function Login({ onDone }: { onDone: () => void }) {
  const t = useT();
  const [key, setKey] = useState('');
  const [message, setMessage] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (e: FormEvent) => {
    e.preventDefault();
    setBusy(true);
    try {
      await login(key.trim());
      onDone();
    } catch (error) {
      setMessage(error instanceof ApiError && error.status === 401 ? t('login.wrong') : String(error instanceof Error ? error.message : error));
      setBusy(false);
    }
  };
  return (
    <div className="overlay">
      <form className="dialog" role="dialog" aria-modal="true" aria-labelledby="login-title" onSubmit={(e) => void submit(e)}>
        <Logo />
        <h2 id="login-title">{t('login.title')}</h2>
        <p className="muted">{t('login.body')}</p>
        <label className="field">
          {t('login.key')}
          <input className="input" type="password" autoComplete="current-password" autoFocus required value={key} onChange={(e) => setKey(e.target.value)} />
        </label>
        {message !== null && (
          <p className="badge bad" role="alert">
            {message}
          </p>
        )}
        <button type="submit" className="btn primary" disabled={busy || key.trim() === ''} style={{ justifyContent: 'center' }}>
          {t('login.submit')}
        </button>
      </form>
    </div>
  );
}

/*
 * SPDX-License-Identifier: Apache-2.0
 */
import { withParams, type Params } from '../api/client';
import { useT } from '../i18n';

const FORMATS = [
  ['csv', 'CSV'],
  ['parquet', 'Parquet'],
] as const;

/** A question to the API, as it was asked for what is shown. */
export interface Asked {
  path: string;
  params: Params;
}

/** All rows of what is shown, as files: the same question, asked for as a table. */
export function ExportLinks({ asked, of }: { asked: Asked; of: string }) {
  const t = useT();
  return (
    <span role="group" aria-label={t('export.of', { name: of })} style={{ display: 'inline-flex', gap: 4 }} data-export>
      {FORMATS.map(([format, word]) => (
        <a key={format} className="btn plain small" href={withParams(asked.path, { ...asked.params, format })} download title={t('export.hint', { format: word })}>
          {word}
        </a>
      ))}
    </span>
  );
}

import type { ReactNode } from 'react';
import { useStorage, useSyncStatus } from '../../react/use-sync-status.ts';
import { diagnoseStorage } from '../../rules/diagnosis/diagnose-storage.ts';
import type { DescribeDiagnosisOptions } from '../../rules/diagnosis/describe-diagnosis.ts';
import type { Diagnosis } from '../../rules/diagnosis/diagnosis.ts';
import { rootClass, type UiProps } from '../parts/ui-props.ts';
import { useWords } from '../words/complete-words.ts';
import type { SyncUiWords } from '../words/ui-words.ts';

export interface StorageNoticeProps extends UiProps {
  /** Loads the newer release of the app. Default: reloads the page. */
  readonly onReload?: (() => void) | undefined;
  /** What an app offers for a finding, as a button to save a copy of the data. */
  readonly actionsOf?: ((finding: Diagnosis) => ReactNode) | undefined;
}

/** Warns where the database of a page does not last, is damaged, or belongs to a newer release. Else shows nothing. */
export function StorageNotice(props: StorageNoticeProps): ReactNode {
  const { words: given, theme, className, onReload = () => location.reload(), actionsOf } = props;
  const words = useWords(given);
  const storage = useStorage();
  const pending = useSyncStatus((status) => status.pending);
  const found =
    storage === undefined ? [] : diagnoseStorage(storage, pending).filter(({ level }) => level !== 'notice');
  if (found.length === 0) return null;
  return (
    <div className={rootClass('synchart-storage', className)} data-theme={theme}>
      {found.map((finding) => (
        <div
          key={finding.code}
          className="synchart-notice"
          data-tone={finding.level}
          role={finding.level === 'error' ? 'alert' : 'status'}
        >
          <p>
            <strong>{words.labels[finding.code]}</strong> {sentenceOf(words, finding)}
          </p>
          <div className="synchart-actions">
            {actionsOf?.(finding)}
            {finding.code === 'appOutdated' && (
              <button type="button" className="synchart-button synchart-primary" onClick={onReload}>
                {words.storage.reload}
              </button>
            )}
          </div>
        </div>
      ))}
    </div>
  );
}

/** A finding in the given words. */
export const sentenceOf = <Code extends Diagnosis['code']>(
  words: SyncUiWords,
  { code, evidence }: Extract<Diagnosis, { readonly code: Code }>,
  options: DescribeDiagnosisOptions = {},
): string => words.findings[code](evidence as never, options);

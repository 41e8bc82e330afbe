import { useId, useState, type ReactNode } from 'react';
import { useSyncIndicator, type RemedyActions, type SyncIndicatorModel } from '../headless/use-sync-indicator.ts';
import { DialogFrame } from '../parts/dialog-frame.tsx';
import { rootClass, type UiProps } from '../parts/ui-props.ts';
import type { Diagnosis, Remedy } from '../../rules/diagnosis/diagnosis.ts';
import { useWords } from '../words/complete-words.ts';
import type { SyncUiWords } from '../words/ui-words.ts';
import { sentenceOf } from './storage-notice.tsx';

export interface SyncIndicatorProps extends UiProps {
  /** What the app does for a remedy, as `signIn` or `decideConflict`. Each becomes a button. */
  readonly onRemedy?: RemedyActions | undefined;
}

/** Says in a word whether everything is synchronised. A click shows what is wrong and what helps. */
export function SyncIndicator({ words: given, theme, className, onRemedy }: SyncIndicatorProps): ReactNode {
  const words = useWords(given);
  const [isOpen, setIsOpen] = useState(false);
  const model = useSyncIndicator({ onRemedy, isWatched: isOpen });
  const { first, waiting, isBusy } = model;
  const anchor = `--synchart-${useId().replaceAll(/[^a-zA-Z0-9]/g, '')}`;
  return (
    <div className={rootClass('synchart-indicator-box', className)} data-theme={theme}>
      <button
        type="button"
        className="synchart-indicator"
        data-tone={first.level}
        aria-haspopup="dialog"
        aria-expanded={isOpen}
        style={{ anchorName: anchor }}
        onClick={() => setIsOpen(!isOpen)}
      >
        <span className="synchart-lamp" data-busy={isBusy} />
        <span className="synchart-clip">{words.labels[first.code]}</span>
        {waiting > 0 && (
          <span className="synchart-count">
            <span aria-hidden="true">{waiting}</span>
            <span className="synchart-only-heard">, {words.indicator.waiting(waiting)}</span>
          </span>
        )}
      </button>
      <span role="status" className="synchart-only-heard">
        {isNews(first) && words.labels[first.code]}
      </span>
      <DialogFrame
        isOpen={isOpen}
        onClose={() => setIsOpen(false)}
        isModal={false}
        title={words.indicator.title}
        anchor={anchor}
        theme={theme}
        className="synchart-popover"
        aside={
          <button
            type="button"
            className="synchart-button synchart-plain"
            aria-label={words.indicator.close}
            onClick={() => setIsOpen(false)}
          >
            <span aria-hidden="true">×</span>
          </button>
        }
      >
        <Details model={model} words={words} onDone={() => setIsOpen(false)} />
      </DialogFrame>
    </div>
  );
}

/** Whether a screen reader says it at once. What comes and goes by itself would only disturb. */
const isNews = ({ level, code }: Diagnosis): boolean =>
  level === 'error' || level === 'warning' || code === 'offline' || code === 'paused';

/** All findings with their remedies, and when the last sync was. */
function Details(props: {
  readonly model: SyncIndicatorModel;
  readonly words: SyncUiWords;
  readonly onDone: () => void;
}): ReactNode {
  const { model, words, onDone } = props;
  const { findings, now, lastSyncedAt, waiting, problem } = model;
  const facts = [
    ...(waiting > 0 ? [words.indicator.waiting(waiting)] : []),
    ...(lastSyncedAt !== undefined && now > 0
      ? [words.indicator.lastSynced(words.span(Math.max(0, now - lastSyncedAt)))]
      : []),
  ];
  const offersSync = findings.some(({ remedies }) => remedies.includes('sync'));
  return (
    <>
      <ul className="synchart-findings">
        {findings.map((finding) => (
          <li key={finding.code} data-tone={finding.level}>
            <span className="synchart-lamp" />
            <div>
              <strong>{words.labels[finding.code]}</strong>
              <p>{sentenceOf(words, finding, now > 0 ? { now } : {})}</p>
              <Remedies finding={finding} model={model} words={words} onDone={onDone} />
            </div>
          </li>
        ))}
      </ul>
      {problem !== undefined && (
        <p role="alert" className="synchart-reason">
          {words.indicator.failed(problem)}
        </p>
      )}
      <footer className="synchart-dialog-foot">
        <span className="synchart-quiet">{facts.join(' · ')}</span>
        {!offersSync && <RemedyButton remedy="sync" model={model} words={words} onDone={() => undefined} />}
      </footer>
    </>
  );
}

/** Remedies that somebody can do here are buttons, others are said. */
function Remedies(props: {
  readonly finding: Diagnosis;
  readonly model: SyncIndicatorModel;
  readonly words: SyncUiWords;
  readonly onDone: () => void;
}): ReactNode {
  const { finding, model, words, onDone } = props;
  const offered = finding.remedies.filter((remedy) => remedy !== 'wait');
  const here = offered.filter((remedy) => model.actions[remedy] !== undefined);
  const said = offered.filter((remedy) => model.actions[remedy] === undefined);
  if (offered.length === 0) return null;
  return (
    <>
      {said.length > 0 && (
        <ul className="synchart-said">
          {said.map((remedy) => (
            <li key={remedy}>{words.remedies[remedy]}</li>
          ))}
        </ul>
      )}
      {here.length > 0 && (
        <div className="synchart-actions">
          {here.map((remedy) => (
            <RemedyButton key={remedy} remedy={remedy} model={model} words={words} onDone={onDone} />
          ))}
        </div>
      )}
    </>
  );
}

/** Remedies that show something else of the app; the details would stand in front of it. */
const leaving: readonly Remedy[] = ['decideConflict', 'amend', 'signIn', 'lookAndRetry'];

const RemedyButton = (props: {
  readonly remedy: Remedy;
  readonly model: SyncIndicatorModel;
  readonly words: SyncUiWords;
  readonly onDone: () => void;
}): ReactNode => (
  <button
    type="button"
    className="synchart-button"
    aria-disabled={props.model.running !== undefined}
    onClick={() => {
      if (leaving.includes(props.remedy)) props.onDone();
      void props.model.run(props.remedy);
    }}
  >
    {props.words.remedies[props.remedy]}
  </button>
);

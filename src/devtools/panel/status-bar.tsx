import { useState, type ReactNode } from 'react';
import type { DevtoolsCommand } from '../protocol/messages.ts';
import { isOvercome, statusModelOf, type StatusModel } from '../views/status-model.ts';
import { useCommand, useEngineNow, usePanelState } from './context/panel-context.tsx';
import { DiagnosisLine } from './diagnosis-line.tsx';
import { Badge, Dot } from './parts/badge.tsx';
import { IconButton } from './parts/icon-button.tsx';

export interface StatusBarProps {
  /** Opens the view that tells more. */
  readonly onOpen: (view: NonNullable<StatusModel['facts'][number]['leadsTo']>) => void;
  readonly children?: ReactNode;
}

/** One line that says what the engine is doing, what waits, and lets one steer it. */
export function StatusBar({ onOpen, children }: StatusBarProps): ReactNode {
  const { view, connection } = usePanelState();
  const { run: send, error } = useCommand();
  const [failedAt, setFailedAt] = useState<number>();
  const now = useEngineNow();
  if (view === undefined) {
    return (
      <header className="sc-status">
        <span className="phase" role="status">
          <Dot tone={connection === 'refused' || connection === 'lost' ? 'error' : 'idle'} />
          {connection === 'refused' ? 'Refused' : connection === 'lost' ? 'Engine gone' : 'Waiting for an engine…'}
        </span>
        <span className="grow" />
        <span className="steer">{children}</span>
      </header>
    );
  }
  const model = statusModelOf(view, now);
  const isLive = connection === 'connected';
  const run = async (command: DevtoolsCommand): Promise<void> => {
    setFailedAt(undefined);
    if (!(await send(command))) setFailedAt(now);
  };
  const failure = isOvercome(failedAt, view.status) ? undefined : error;
  const buttons = model.diagnosis?.buttons ?? [];
  return (
    <>
      <header className="sc-status" data-faults={model.hasFaults}>
        <span className="now">
          <span className="phase" role="status" aria-live="polite">
            <Dot tone={model.tone} />
            {model.phase}
          </span>
          <span className="detail quiet number clip">{model.detail}</span>
        </span>
        <span className="facts">
          {model.facts.map(({ text, tone, leadsTo }) =>
            leadsTo === undefined ? (
              <Badge key={text} tone={tone} title={text}>
                {text}
              </Badge>
            ) : (
              <button
                key={leadsTo + tone}
                type="button"
                className="sc-button plain"
                style={{ padding: 0 }}
                onClick={() => onOpen(leadsTo)}
              >
                <Badge tone={tone}>{text}</Badge>
              </button>
            ),
          )}
          {connection === 'bundle' && <Badge tone="idle">saved file</Badge>}
          {connection === 'lost' && <Badge tone="error">engine gone</Badge>}
          {model.problem !== undefined && (
            <Badge tone="error" title={model.problem}>
              {model.problem}
            </Badge>
          )}
        </span>
        <span
          className="rate quiet number"
          title="Operations sent and rows received in the last second; the line shows the last minute"
        >
          <Sparkline heights={model.spark} />
          {model.perSecond.toLocaleString('en')}/s
        </span>
        <span className="steer">
          {isLive && (
            <>
              {view.session === 'authRequired' && !buttons.some(({ command }) => command?.type === 'signedIn') && (
                <button type="button" className="sc-button" onClick={() => void run({ type: 'signedIn' })}>
                  Signed in again
                </button>
              )}
              <IconButton icon="sync" label="Sync now" onClick={() => void run({ type: 'sync' })} />
              {view.status.paused ? (
                <IconButton icon="play" label="Resume" onClick={() => void run({ type: 'resume' })} />
              ) : (
                <IconButton icon="pause" label="Pause" onClick={() => void run({ type: 'pause' })} />
              )}
            </>
          )}
          {children}
        </span>
      </header>
      <DiagnosisLine
        diagnosis={model.diagnosis}
        isLive={isLive}
        onRun={(command) => void run(command)}
        onOpen={onOpen}
      />
      {failure !== undefined && (
        <div className="sc-problem" data-tone="error" role="alert">
          <span>{failure}</span>
        </div>
      )}
    </>
  );
}

/** Throughput of the last minute; the numbers are in the text beside it. */
const Sparkline = ({ heights }: { readonly heights: readonly number[] }): ReactNode => (
  <svg className="spark" viewBox="0 0 59 10" preserveAspectRatio="none" aria-hidden="true">
    <path
      d={heights
        .map((height, index) => `${index === 0 ? 'M' : 'L'}${index} ${(9.5 - height * 9).toFixed(2)}`)
        .join(' ')}
    />
  </svg>
);

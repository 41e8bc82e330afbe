import { useState, type ReactNode } from 'react';
import type { DevtoolsCommand } from '../protocol/messages.ts';
import type { RemedyButton } from '../views/remedy-buttons.ts';
import type { StatusModel } from '../views/status-model.ts';
import { Dot } from './parts/badge.tsx';
import { Confirm } from './parts/confirm.tsx';

export interface DiagnosisLineProps {
  readonly diagnosis: StatusModel['diagnosis'];
  /** Whether there is an engine that takes commands. */
  readonly isLive: boolean;
  readonly onRun: (command: DevtoolsCommand) => void;
  readonly onOpen: (view: NonNullable<RemedyButton['leadsTo']>) => void;
}

/** What is wrong, the evidence, what helps, and one or two buttons. A live region that stays in the page. */
export function DiagnosisLine({ diagnosis, isLive, onRun, onOpen }: DiagnosisLineProps): ReactNode {
  const [asking, setAsking] = useState<RemedyButton>();
  const press = (button: RemedyButton): void => {
    const { command, leadsTo, question } = button;
    if (question !== undefined) setAsking(button);
    else if (command !== undefined) onRun(command);
    else if (leadsTo !== undefined) onOpen(leadsTo);
  };
  const buttons = (diagnosis?.buttons ?? []).filter(({ command }) => isLive || command === undefined);
  return (
    <div className="sc-diagnosis" hidden={diagnosis === undefined}>
      <p role="status">
        {diagnosis !== undefined && (
          <>
            <Dot tone={diagnosis.tone} />
            <span>
              {diagnosis.text} <span className="quiet">{diagnosis.remedies}</span>
            </span>
          </>
        )}
      </p>
      {buttons.length > 0 && (
        <span className="sc-actions">
          {buttons.map((button) => (
            <button key={button.label} type="button" className="sc-button" onClick={() => press(button)}>
              {button.label}
            </button>
          ))}
        </span>
      )}
      {asking?.command !== undefined && (
        <Confirm
          title={asking.label.replace('…', '?')}
          action={asking.label.replace('…', '')}
          onConfirm={() => {
            if (asking.command !== undefined) onRun(asking.command);
            setAsking(undefined);
          }}
          onCancel={() => setAsking(undefined)}
        >
          <p>{asking.question}</p>
        </Confirm>
      )}
    </div>
  );
}

import { useState, type ReactNode } from 'react';
import { describeCount } from '../../views/words/describe-count.ts';
import { usePanelState, type Commanding } from '../context/panel-context.tsx';
import { Confirm } from '../parts/confirm.tsx';
import { IconButton } from '../parts/icon-button.tsx';

export interface LogControlsProps {
  readonly commanding: Commanding;
  readonly onCleared: () => void;
}

/**
 * Stops the engine's log and lets it go on, and empties it. A saved file and an engine that is gone have nothing to
 * record.
 */
export function LogControls({ commanding: { run, isRunning }, onCleared }: LogControlsProps): ReactNode {
  const { view, connection, entries } = usePanelState();
  const [isAsking, setAsking] = useState(false);
  if (view === undefined || connection !== 'connected') return null;
  const clear = async (): Promise<void> => {
    setAsking(false);
    if (await run({ type: 'clearLog' })) onCleared();
  };

  return (
    <span className="sc-recording" role="group" aria-label="Recording">
      <IconButton
        icon="record"
        label="Record what happens"
        pressed={view.recording}
        onClick={() => void run({ type: 'record', on: !view.recording })}
      />
      <IconButton
        icon="trash"
        label="Clear the log…"
        disabled={isRunning || entries.length === 0}
        onClick={() => setAsking(true)}
      />
      {isAsking && (
        <Confirm
          title={`Clear the log of ${describeCount(entries.length, 'entry', 'entries')}?`}
          action="Clear the log"
          onConfirm={() => void clear()}
          onCancel={() => setAsking(false)}
        >
          <p>
            What was recorded until now is gone then, in every panel: the timeline, the requests, and what happened to
            each operation. Older entries that only the engine has go, too. Edits that wait and rows stay as they are.
          </p>
          <p>Save what is seen as a file first if it may be needed.</p>
        </Confirm>
      )}
    </span>
  );
}

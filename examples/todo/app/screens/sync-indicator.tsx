import type { ReactNode } from 'react';
import { describeDiagnosis, type DiagnosisLevel } from 'synchart';
import { useDiagnosis, useSyncStatus } from 'synchart/react';
import { useDeviceHere } from '../data/device-context.ts';

const tones: Readonly<Record<DiagnosisLevel, string>> = {
  error: 'error',
  warning: 'warning',
  waiting: 'info',
  notice: 'ok',
  ok: 'ok',
};

/** One line: whether everything is sent, else what is wrong. A click syncs at once. */
export function SyncIndicator(): ReactNode {
  const { engine } = useDeviceHere();
  const queued = useSyncStatus((status) => status.pending + status.stuck);
  const isBusy = useSyncStatus(({ phase }) => phase === 'pushing' || phase === 'pulling');
  // Good to know, but no reason to look up from the list.
  const [first] = useDiagnosis().filter(({ level }) => level !== 'notice');
  const text = first === undefined ? 'All is synchronised' : describeDiagnosis(first, { now: Date.now() });
  return (
    <button
      type="button"
      className="indicator"
      data-tone={tones[first?.level ?? 'ok']}
      title={`${text}\nClick to sync now`}
      onClick={() => void engine.sync().catch(() => undefined)}
    >
      <span className="lamp" data-busy={isBusy} />
      <span role="status" className="clip">
        {text}
      </span>
      {queued > 0 && <span className="count">{queued}</span>}
    </button>
  );
}

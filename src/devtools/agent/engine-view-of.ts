import type { SyncSnapshot } from '../../machines/sync-machine.ts';
import { isJsonObject, type Json, type JsonObject } from '../../model/values/json.ts';
import type { DiagnosisView, EngineView, FaultSettings } from '../protocol/engine-view.ts';
import type { StateValueJson } from '../protocol/log-entry.ts';
import { activeIds } from './recording/chart-view.ts';
import type { SyncStatus } from '../../model/status.ts';

export interface ViewParts {
  readonly at: number;
  readonly snapshot: SyncSnapshot;
  readonly status: SyncStatus;
  readonly faults: FaultSettings;
  readonly throughput: readonly number[];
  readonly recording: boolean;
  readonly diagnosis: readonly DiagnosisView[] | undefined;
  readonly redact: (value: unknown) => Json;
}

/** Everything a panel shows of an engine at one moment, as JSON. */
export function engineViewOf(parts: ViewParts): EngineView {
  const { at, snapshot, status, faults, throughput, recording, diagnosis, redact } = parts;
  const value = snapshot.value as StateValueJson;
  return {
    at,
    status: statusOf(status, redact),
    value,
    active: activeIds(snapshot.machine.root, value),
    tags: [...snapshot.tags],
    context: contextOf(snapshot, redact),
    session: snapshot.matches({ session: 'authRequired' })
      ? 'authRequired'
      : snapshot.matches({ session: 'signedIn' })
        ? 'signedIn'
        : 'closed',
    lease: snapshot.matches({ activity: 'running' })
      ? 'held'
      : snapshot.matches({ activity: 'standby' })
        ? 'waiting'
        : 'free',
    scopeChanged: snapshot.context.failure?.type === 'scopeChanged',
    faults,
    throughput,
    ...(diagnosis === undefined ? {} : { diagnosis }),
    recording,
  };
}

/** The chart's small data. What never changes is in the description of the engine. */
function contextOf({ context }: SyncSnapshot, redact: (value: unknown) => Json): JsonObject {
  const { run, next, attempt, wait, failure, runCount, lastStats, seed } = context;
  const shown = redact({ run, next, attempt, wait, failure, runCount, lastStats, seed });
  return isJsonObject(shown) ? shown : {};
}

/** Member by member: a status holds JSON only, except that absent members may be undefined. */
function statusOf({ lastError, ...status }: SyncStatus, redact: (value: unknown) => Json): EngineView['status'] {
  if (lastError === undefined) return status;
  const message = redact(lastError.message);
  return { ...status, lastError: { ...lastError, message: typeof message === 'string' ? message : '' } };
}

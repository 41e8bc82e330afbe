import type { SyncEngine } from '../../../engine/api/sync-engine.ts';
import type { ConflictResolution } from '../../../model/conflict.ts';
import type { InspectionPort } from '../../../model/inspection.ts';
import { isJsonObject, type Json } from '../../../model/values/json.ts';
import type { FaultSettings } from '../../protocol/engine-view.ts';
import type { DevtoolsCommand } from '../../protocol/messages.ts';
import { restoreShown } from './restore-shown.ts';

export interface CommandTarget {
  readonly engine: SyncEngine;
  readonly inspection: InspectionPort | undefined;
  readonly redact: (value: unknown) => Json;
  readonly setFaults: (faults: FaultSettings) => void;
  readonly record: (on: boolean) => void;
  readonly clearLog: () => number;
}

/** Does what a panel asked for, through the engine's public members. Rejects as they do. */
export async function runCommand(command: DevtoolsCommand, target: CommandTarget): Promise<Json> {
  const { engine, inspection, redact, setFaults, record, clearLog } = target;
  switch (command.type) {
    case 'sync':
      return redact(await engine.sync(command.kinds === undefined ? {} : { kinds: command.kinds }));
    case 'fullResync':
      return redact(await engine.fullResync(command.kinds === undefined ? {} : { kinds: command.kinds }));
    case 'pause':
      await engine.pause();
      return null;
    case 'resume':
      await engine.resume();
      return null;
    case 'signedIn':
      await engine.signedIn();
      return null;
    case 'adoptScope':
      await engine.adoptScope();
      return null;
    case 'clearScope':
      return (await engine.clearScope()).givenUp.length;
    case 'retry':
      return engine.retryStuckOperations(command.opIds === undefined ? {} : { opIds: command.opIds });
    case 'drop':
      return engine.dropStuckOperations({ opIds: command.opIds });
    case 'amend': {
      const operation = await inspection?.operation(command.opId);
      await engine.amend(command.opId, restoreShown(command.patch, { payload: operation?.payload }, redact));
      return null;
    }
    case 'undoDiscard':
      return (await engine.undoDiscard(command.opId)) ?? null;
    case 'resolveConflict':
      await engine.resolveConflict(command.opId, await resolutionMeant(command.opId, command.resolution, target));
      return null;
    case 'setFaults':
      setFaults(command.faults);
      return null;
    case 'record':
      record(command.on);
      return null;
    case 'clearLog':
      return clearLog();
  }
}

/** A merged row was put together from what the panel shows. */
async function resolutionMeant(
  opId: string,
  resolution: ConflictResolution,
  { engine, redact }: CommandTarget,
): Promise<ConflictResolution> {
  if (resolution.type !== 'acceptMerged') return resolution;
  const stored = (await engine.conflicts()).find(({ conflict }) => conflict.opId === opId);
  if (stored === undefined) return resolution;
  const { localData, serverData, baseData } = stored.conflict;
  const asShown = (rows: unknown): Json => {
    const shown = redact({ conflict: rows });
    return isJsonObject(shown) ? (shown['conflict'] ?? null) : null;
  };
  return { ...resolution, data: restoreShown(resolution.data, { localData, serverData, baseData }, asShown) };
}

import type { SyncEngine } from '../../engine/sync-engine.ts';
import type { Json } from '../../model/json.ts';
import type { FaultSettings } from '../protocol/engine-view.ts';
import type { DevtoolsCommand } from '../protocol/messages.ts';

export interface CommandTarget {
  readonly engine: SyncEngine;
  readonly redact: (value: unknown) => Json;
  readonly setFaults: (faults: FaultSettings) => void;
  readonly record: (on: boolean) => void;
  readonly clearLog: () => void;
}

/** Does what a panel asked for, through the engine's public members. Rejects as they do. */
export async function runCommand(command: DevtoolsCommand, { engine, redact, setFaults, record, clearLog }: CommandTarget): Promise<Json> {
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
    case 'retry':
      return engine.retryStuckOperations(command.opIds === undefined ? {} : { opIds: command.opIds });
    case 'drop':
      return engine.dropStuckOperations({ opIds: command.opIds });
    case 'amend':
      await engine.amend(command.opId, command.patch);
      return null;
    case 'undoDiscard':
      return (await engine.undoDiscard(command.opId)) ?? null;
    case 'resolveConflict':
      await engine.resolveConflict(command.opId, command.resolution);
      return null;
    case 'setFaults':
      setFaults(command.faults);
      return null;
    case 'record':
      record(command.on);
      return null;
    case 'clearLog':
      clearLog();
      return null;
  }
}

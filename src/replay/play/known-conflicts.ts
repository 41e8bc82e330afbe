import type { Bundle } from '../../devtools/protocol/bundle.ts';
import type { LogEntry } from '../../devtools/protocol/log-entry.ts';
import { isJsonObject, type Json, type JsonObject } from '../../model/values/json.ts';
import { canonicalRows } from '../plan/canonical-row.ts';
import type { KnownConflict } from './replay-server.ts';

/** The server sides of all conflicts in a file, oldest first. Events hold them as detected, the list as they are. */
export function knownConflicts({ engine, conflicts }: Bundle, entries: readonly LogEntry[]): readonly KnownConflict[] {
  const known = (
    opId: Json | undefined,
    kind: Json | undefined,
    serverData: Json | undefined,
    serverDeleted: boolean,
  ): readonly KnownConflict[] => {
    const described = engine.kinds.find((other) => other.kind === kind);
    if (typeof opId !== 'string' || described === undefined || serverData === undefined || !isJsonObject(serverData))
      return [];
    return [{ opId, serverData: canonicalRows(described)(serverData), serverDeleted }];
  };
  const met = entries.flatMap((entry): readonly JsonObject[] => {
    const conflict = entry.type === 'event' && entry.name === 'conflict.detected' ? entry.data['conflict'] : undefined;
    return conflict !== undefined && isJsonObject(conflict) ? [conflict] : [];
  });
  return [
    ...met.flatMap(({ opId, kind, serverData, serverDeleted }) =>
      known(opId, kind, serverData, serverDeleted === true),
    ),
    ...conflicts.flatMap(({ conflict: { opId, kind, serverData, serverDeleted } }) =>
      known(opId, kind, serverData, serverDeleted),
    ),
  ];
}

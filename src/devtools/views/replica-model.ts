import type { InspectedKind, InspectedRow } from '../../model/inspection.ts';
import type { Json } from '../../model/values/json.ts';
import { deepEqual } from '../../rules/values/deep-equal.ts';
import { describeDuration } from './words/describe-time.ts';
import type { Tone } from './words/phase-tone.ts';

/** How far a full resync is, or a first pull. */
export interface ResyncProgress {
  readonly text: string;
  /**
   * From 0 to 1, of the rows that are there now: the server does not say how many it has. Absent: nothing to measure
   * by.
   */
  readonly share?: number | undefined;
}

export function resyncProgress({
  resync,
  rows,
  lastPulledAt,
  lastResyncedAt,
}: InspectedKind): ResyncProgress | undefined {
  if (resync === undefined) return undefined;
  const isFirst = lastPulledAt === undefined && lastResyncedAt === undefined;
  const { marking, received, fetched } = resync;
  if (fetched) return { text: 'taking away what the server no longer has', share: 1 };
  if (marking && received === 0) return { text: isFirst ? 'first pull begins' : 'begins' };
  const got = `${isFirst ? 'first pull: ' : ''}${received.toLocaleString('en')} rows received`;
  return rows === 0
    ? { text: got }
    : { text: `${got}, ${rows.toLocaleString('en')} here`, share: Math.min(0.99, received / rows) };
}

/** Which way a kind goes. */
export const directionOf = ({ pullOnly, pushOnly }: InspectedKind): string =>
  pullOnly ? 'pull only' : pushOnly ? 'push only' : 'both ways';

/** How long ago, or that it never was. `now` is by the engine's clock. */
export const agoText = (at: number | undefined, now: number): string =>
  at === undefined ? 'never' : `${describeDuration(now - at)} ago`;

export interface RowState {
  readonly tone: Tone;
  readonly text: string;
}

/** What is up with a row, the gravest first; none: it is as the server has it. */
export function rowStates({ local, server, pending, conflict, quarantined }: InspectedRow): readonly RowState[] {
  const states: (RowState | false)[] = [
    quarantined !== undefined && { tone: 'error', text: 'quarantined' },
    conflict && { tone: 'conflict', text: 'conflict' },
    pending > 0 && { tone: 'info', text: `${pending.toLocaleString('en')} pending` },
    local === undefined && { tone: 'idle', text: 'not in the table' },
    local !== undefined && server === undefined && { tone: 'idle', text: 'only here' },
    isDeleted(local) && { tone: 'idle', text: 'hidden by a delete' },
  ];
  return states.filter((state) => state !== false);
}

const isDeleted = (row: InspectedRow['local']): boolean => typeof row?.['deletedAt'] === 'string';

/** A field of a row on its three sides; undefined: it is not there. */
export interface RowField {
  readonly name: string;
  readonly base: Json | undefined;
  readonly local: Json | undefined;
  readonly server: Json | undefined;
  /** Differs from before the first pending operation; without one, from the server's. */
  readonly changedHere: boolean;
  readonly changedThere: boolean;
}

/** The three sides of a row, those fields first that are not the same everywhere. */
export function rowFields({ base, local, server }: InspectedRow): readonly RowField[] {
  const names = [...new Set([...Object.keys(local ?? {}), ...Object.keys(base ?? {}), ...Object.keys(server ?? {})])];
  const fields = names.map((name): RowField => {
    const sides = { base: base?.[name], local: local?.[name], server: server?.[name] };
    const before = base === undefined ? sides.server : sides.base;
    return {
      name,
      ...sides,
      changedHere: local !== undefined && (base ?? server) !== undefined && !same(sides.local, before),
      changedThere: base !== undefined && server !== undefined && !same(sides.server, sides.base),
    };
  });
  const rank = ({ changedHere, changedThere }: RowField): number => (changedHere || changedThere ? 0 : 1);
  return fields.sort((a, b) => rank(a) - rank(b));
}

/** A side that does not carry the field says nothing about it. */
const same = (a: Json | undefined, b: Json | undefined): boolean =>
  a === undefined || b === undefined || deepEqual(a, b);

/** A row in a few words: its first texts and numbers, without id and times. */
export function rowSummary({ local, server, base }: InspectedRow): string {
  const row = local ?? base ?? server ?? {};
  const skipped = new Set(['id', 'updatedAt', 'deletedAt', 'createdAt']);
  return Object.entries(row)
    .filter(
      ([name, value]) =>
        !skipped.has(name) &&
        (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') &&
        value !== '',
    )
    .slice(0, 4)
    .map(([name, value]) => `${name}: ${String(value)}`)
    .join(', ');
}

import type { SweepInput } from '../../machines/actor-inputs.ts';
import { AuthError, NetworkError, ParseError, TransportError } from '../../model/errors/errors.ts';
import type { JsonObject } from '../../model/values/json.ts';
import type { SweepReport } from '../../model/run.ts';
import { fetchError, type FetchResult } from '../../model/transport.ts';
import type { EnginePorts } from '../ports/engine-ports.ts';
import { unlessAborted } from '../ports/unless-aborted.ts';

type Ports = Pick<EnginePorts, 'store' | 'transport' | 'kinds'>;

/** Number of concurrent single reads. */
const readsAtOnce = 4;

/**
 * Ends a full resync of one kind. A listing that followed tokens may have skipped rows, so this requests each missing
 * row by its id. The chart calls again until no row is left (F-156). If single reads prove nothing, it removes no row
 * and warns.
 */
export async function sweepKind(
  { kind, requested }: SweepInput,
  ports: Ports,
  signal: AbortSignal,
): Promise<SweepReport> {
  const { store } = ports;
  const { ids, control } = await store.unprovenRows(kind, { requested });
  if (ids.length === 0) return { facts: await store.sweepResync(kind, { requested }) };
  const answers = await readRows(kind, ids, ports, signal);
  if (signal.aborted) return { facts: [], more: true };
  const absent = ids.filter((id) => answers.get(id)?.type === 'fetchNotFound');
  const doubt =
    [...answers.values()].find((answer) => answer.type === 'fetchError')?.error ??
    (await doubtAbout(kind, absent, control, ports, signal));
  if (doubt !== undefined) {
    if (doubt instanceof Error && isPassing(doubt)) throw doubt;
    const facts = await store.sweepResync(kind, { requested, keepUnlisted: true });
    const reason = doubt instanceof Error ? doubt.message : String(doubt);
    const message = `the full resync of '${kind}' removed nothing: its listing follows page tokens and may skip rows, and reads of single rows do not prove that they are gone (${reason}). Let GET /${kind}/{id} answer 404 for a missing row, or list by (updatedSince, afterId)`;
    return { facts: [...facts, { type: 'transport.warning', message }] };
  }
  const found = new Map<string, JsonObject>();
  for (const [id, answer] of answers) if (answer.type === 'fetchSuccess') found.set(id, answer.data);
  return {
    facts: await store.proveAbsence(kind, { absent, present: [...found.keys()], found: [...found.values()] }),
    more: true,
  };
}

/** A server that answers 404 to every single read also denies a row that it has just listed. */
async function doubtAbout(
  kind: string,
  absent: readonly string[],
  control: string | undefined,
  ports: Ports,
  signal: AbortSignal,
): Promise<unknown> {
  if (absent.length === 0 || control === undefined) return undefined;
  const answer = await readRow(kind, control, ports, signal);
  if (answer.type === 'fetchSuccess') return undefined;
  return answer.type === 'fetchError'
    ? answer.error
    : new ParseError(`GET ${kind}/${control} denies a row that the list has just returned`);
}

async function readRows(
  kind: string,
  ids: readonly string[],
  ports: Ports,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, FetchResult>> {
  const answers = new Map<string, FetchResult>();
  const left = [...ids];
  const read = async (): Promise<void> => {
    for (let id = left.shift(); id !== undefined && !signal.aborted; id = left.shift()) {
      const answer = await readRow(kind, id, ports, signal);
      answers.set(id, answer);
      // A failure of one read stops the others.
      if (answer.type === 'fetchError') left.length = 0;
    }
  };
  await Promise.all(Array.from({ length: readsAtOnce }, read));
  return answers;
}

/** Reads one row. Never rejects. A row with another id is an error. */
async function readRow(
  kind: string,
  id: string,
  { transport, kinds }: Ports,
  signal: AbortSignal,
): Promise<FetchResult> {
  try {
    const answer =
      (await unlessAborted(transport.fetch({ kind, id, signal }), signal)) ??
      fetchError(new NetworkError(`GET ${kind}/${id} was aborted`));
    if (answer.type !== 'fetchSuccess' || kinds.get(kind)?.readId(answer.data) === id) return answer;
    return fetchError(new ParseError(`GET ${kind}/${id} answered with another row`));
  } catch (error) {
    return fetchError(error);
  }
}

/** Whether the failure says nothing about single reads in general. The step then fails and is retried like a pull. */
function isPassing(error: Error): boolean {
  if (error instanceof AuthError || error instanceof NetworkError) return true;
  return (
    error instanceof TransportError && (error.statusCode >= 500 || [401, 408, 425, 429].includes(error.statusCode))
  );
}

import type { EnginePorts } from '../ports/engine-ports.ts';
import type { RunMemory } from './run-memory.ts';

/** Dates in headers are whole seconds: a smaller difference is none. */
const noticeableMs = 1_000;

/**
 * Keeps the server's clock offset for display and last-write-wins: at most once per run, and only where it has changed.
 * Never rejects.
 */
export async function noteClockOffset(
  offsets: readonly (number | undefined)[],
  { store }: Pick<EnginePorts, 'store'>,
  memory: RunMemory,
): Promise<void> {
  const offset = offsets.find((one) => one !== undefined);
  if (offset === undefined || memory.clockOffsetNoted) return;
  memory.clockOffsetNoted = true;
  if (Math.abs(offset - memory.clockOffsetMs) < noticeableMs) return;
  try {
    await store.rememberClockOffset(offset);
    memory.clockOffsetMs = offset;
  } catch {
    // An estimate, taken again in the next run; what was settled before must not be reported as failed for it.
    memory.clockOffsetNoted = false;
  }
}

import type { EnginePorts } from '../ports/engine-ports.ts';
import type { RunMemory } from './run-memory.ts';

/** Header dates have whole seconds, so a smaller difference is meaningless. */
const noticeableMs = 1_000;

/**
 * Stores the server's clock offset for display and last-write-wins. Writes at most once per run, and only after a
 * change. Never rejects.
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
    // The offset is an estimate that the next run repeats. Its failure must not mark settled work as failed.
    memory.clockOffsetNoted = false;
  }
}

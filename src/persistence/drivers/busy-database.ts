import type { Clock } from '../../model/platform/clock.ts';

const delaysMs = [1, 2, 4, 8, 16, 25, 40];

/** Milliseconds before attempt `attempt + 1`; grows, but stays small: another process' write transaction is short. */
export const busyDelayMs = (attempt: number): number => delaysMs[Math.min(attempt, delaysMs.length - 1)] ?? 40;

const codeOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;

/** SQLITE_BUSY, extended codes included. */
export const isSqliteBusy = (code: unknown): boolean => typeof code === 'string' && code.startsWith('SQLITE_BUSY');

type IsBusyCode = (code: unknown) => boolean;

/** Tells a database that another connection is in the way of from other failures; looks through TypeORM's wrapper. */
export function isBusyError(error: unknown, isBusyCode: IsBusyCode): boolean {
  const seen = new Set<unknown>();
  for (let current: unknown = error; current instanceof Error && !seen.has(current); ) {
    seen.add(current);
    if (isBusyCode(codeOf(current))) return true;
    current = 'driverError' in current ? current.driverError : current.cause;
  }
  return false;
}

/**
 * Repeats `attempt` while another connection is in its way, at most `budgetMs`; the event loop stays free meanwhile
 * (F-147).
 */
export async function whileBusy<T>(
  clock: Clock,
  budgetMs: number,
  attempt: () => T | Promise<T>,
  isBusyCode: IsBusyCode = isSqliteBusy,
): Promise<T> {
  const begunAt = clock.now();
  for (let attempts = 0; ; attempts += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!isBusyError(error, isBusyCode) || clock.now() - begunAt >= budgetMs) throw error;
    }
    await new Promise<void>((resolve) => {
      clock.setTimeout(resolve, busyDelayMs(attempts));
    });
  }
}

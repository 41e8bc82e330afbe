import type { Clock } from '../../model/platform/clock.ts';

const delaysMs = [1, 2, 4, 8, 16, 25, 40];

/**
 * Wait in ms before attempt `attempt + 1`. Grows but stays small, because write transactions of other processes are
 * short.
 */
export const busyDelayMs = (attempt: number): number => delaysMs[Math.min(attempt, delaysMs.length - 1)] ?? 40;

const codeOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;

/** SQLITE_BUSY, including extended codes. */
export const isSqliteBusy = (code: unknown): boolean => typeof code === 'string' && code.startsWith('SQLITE_BUSY');

type IsBusyCode = (code: unknown) => boolean;

/** Whether an error means that another connection blocks the database. Looks through TypeORM's wrapper. */
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
 * Repeats `attempt` while another connection blocks it, at most for `budgetMs`. The event loop stays free meanwhile
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

import {
  BrowserStorageError,
  toStorageFailure,
  type StorageFailure,
  type StorageProblem,
} from '../storage/storage-error.ts';

const deepest = 5;
const leftAsItIs = 'It is left as it is: save it with rescueBrowserDatabase, then remove it with deleteBrowserDatabase';

const found: Readonly<Record<number, { readonly problem: StorageProblem; readonly says: string }>> = {
  11: { problem: 'damaged', says: `The stored database is damaged. ${leftAsItIs}` },
  26: { problem: 'notADatabase', says: `The stored file is no SQLite database. ${leftAsItIs}` },
};

const isQuota = (error: unknown, depth = 0): boolean =>
  error instanceof Error &&
  (error.name === 'QuotaExceededError' || (depth < deepest && isQuota(error.cause, depth + 1)));

/** Names the failures of an opening. What is damaged, or finds no space, is no reason to open another database. */
export function toOpeningFailure(error: unknown): StorageFailure {
  if (error instanceof BrowserStorageError && error.problem !== 'noDurableStorage')
    return toStorageFailure(error, 'damaged');
  const text = error instanceof Error ? error.message : String(error);
  if (isQuota(error)) {
    const message = `The storage of the browser is full: ${text}. Nothing was changed. Free space on the device, then reload`;
    return { problem: 'quota', message };
  }
  const resultCode: unknown = error instanceof Error ? Reflect.get(error, 'resultCode') : undefined;
  const known = typeof resultCode === 'number' ? found[resultCode & 0xff] : undefined;
  if (known === undefined) return toStorageFailure(error, 'noDurableStorage');
  return { problem: known.problem, message: `${known.says}. SQLite says: ${text}` };
}

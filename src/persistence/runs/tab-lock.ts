import type { DataSource } from 'typeorm';

/**
 * A lock that all who share the database ask for, and that whoever dies loses at once, such as a Web Lock of a page.
 * Beside it the lease in the table fences out who was frozen with it.
 */
export interface TabLock {
  /** One attempt. */
  tryAcquire(): Promise<boolean>;
  /** Gives it back; does nothing where it is not held. */
  release(): void;
  /** Whether somebody with a better claim waits for it, such as a tab that is seen. Asked between two batches. */
  isWanted(): Promise<boolean>;
}

/** The key is the app's object, so a map that forgets with it. */
const locks = new WeakMap<DataSource, TabLock>();

/** Makes every engine over this DataSource hold `lock` while a run works. Call it before the engine is made. */
export const useTabLock = (dataSource: DataSource, lock: TabLock): void => void locks.set(dataSource, lock);

export const tabLockOf = (dataSource: DataSource): TabLock | undefined => locks.get(dataSource);

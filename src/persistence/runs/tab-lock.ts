import type { DataSource } from 'typeorm';

/**
 * A lock shared by all users of the database, which a dead owner loses at once, such as a Web Lock of a page. The lease
 * in the table additionally fences out a frozen owner.
 */
export interface TabLock {
  /** Makes one attempt. */
  tryAcquire(): Promise<boolean>;
  /** Releases the lock; does nothing if it is not held. */
  release(): void;
  /** Whether an owner with a better claim waits, such as a visible tab. Checked between two batches. */
  isWanted(): Promise<boolean>;
}

/** A weak map, because the key is an object of the app. */
const locks = new WeakMap<DataSource, TabLock>();

/** Makes every engine over this DataSource hold `lock` while a run works. Call it before the engine is created. */
export const useTabLock = (dataSource: DataSource, lock: TabLock): void => void locks.set(dataSource, lock);

export const tabLockOf = (dataSource: DataSource): TabLock | undefined => locks.get(dataSource);

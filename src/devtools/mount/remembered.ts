import { aText, objectWith } from '../../model/options/bounds.ts';
import { byDefault, optional } from '../../model/options/option-list.ts';
import type { FaultSettings } from '../protocol/engine-view.ts';

/** Where the panel sits in its page. */
export type Dock = 'bottom' | 'right' | 'window';

/** What survives a reload. */
export interface Remembered {
  readonly isOpen: boolean;
  readonly dock: Dock;
  /** Height when docked at the bottom, width when docked at the right; px. */
  readonly size: { readonly bottom: number; readonly right: number };
  readonly theme?: 'light' | 'dark' | undefined;
  /** Only the offline latch is kept: other faults end with the page. */
  readonly offline: boolean;
}

const fresh: Remembered = { isOpen: false, dock: 'bottom', size: { bottom: 360, right: 480 }, offline: false };

/** The small part of `localStorage` that is used. */
export type KeyValueStorage = Pick<Storage, 'getItem' | 'setItem'>;

/** The options `storage` and `storageKey`, wherever the panel remembers something. */
export const storageOptions = {
  storage: optional(objectWith('a storage', 'getItem', 'setItem')),
  storageKey: byDefault('synchart.devtools', aText),
};

/** A page without storage, or one that forbids it, forgets; nothing else changes. */
export function pageStorage(): KeyValueStorage | undefined {
  try {
    return globalThis.localStorage;
  } catch (error) {
    // A sandboxed frame throws at the mere look.
    if (!(error instanceof Error)) throw error;
    return undefined;
  }
}

/** Reads what was remembered; what cannot be read counts as nothing. */
export function recall(storage: KeyValueStorage | undefined, key: string): Remembered {
  try {
    const stored: unknown = JSON.parse(storage?.getItem(key) ?? 'null');
    return typeof stored === 'object' && stored !== null ? checked(stored) : fresh;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return fresh;
  }
}

function checked(stored: object): Remembered {
  const { isOpen, dock, size, theme, offline } = stored as Partial<Remembered>;
  const length = (value: unknown, otherwise: number): number =>
    typeof value === 'number' && value >= 120 && value <= 4_000 ? value : otherwise;
  return {
    isOpen: isOpen === true,
    dock: dock === 'right' ? 'right' : 'bottom',
    size: { bottom: length(size?.bottom, fresh.size.bottom), right: length(size?.right, fresh.size.right) },
    ...(theme === 'light' || theme === 'dark' ? { theme } : {}),
    offline: offline === true,
  };
}

/** Keeps it. A full or forbidden storage is no reason to trouble anybody. */
export function remember(storage: KeyValueStorage | undefined, key: string, value: Remembered): void {
  try {
    storage?.setItem(key, JSON.stringify(value));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
}

/** The faults that a reloaded page begins with. */
export const recalledFaults = ({ offline }: Remembered): FaultSettings => (offline ? { offline } : {});

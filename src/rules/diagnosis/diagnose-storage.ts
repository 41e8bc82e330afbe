import type { StorageStatus } from '../../model/storage-status.ts';
import type { Diagnosis } from './diagnosis.ts';
import { findingsOf, only, type Evidence } from './finding.ts';

/** Share of the quota from which space counts as short. */
const nearlyFull = 0.9;

/** The findings that follow from the storage of a page alone. */
export function storageEvidence(storage: StorageStatus, pending: number): Evidence {
  const { mode, role, reason, damage, quota, usage, persisted, persistRefused } = storage;
  return {
    appOutdated: only(role === 'outdated', {}),
    storageDamaged: damage === undefined ? undefined : { damage },
    memoryStorage: only(mode === 'memory', { pending, ...(reason === undefined ? {} : { reason }) }),
    storageNearlyFull:
      quota !== undefined && usage !== undefined && quota > 0 && usage >= quota * nearlyFull
        ? { quota, usage }
        : undefined,
    notPersisted: only(mode !== 'memory' && !persisted && persistRefused === true, {}),
  };
}

/** Problems with the storage of a page, most important first. Empty if there are none. */
export const diagnoseStorage = (storage: StorageStatus, pending: number): readonly Diagnosis[] =>
  findingsOf(storageEvidence(storage, pending));

import type { SyncErrorInfo } from '../../src/model/errors/errors.ts';
import {
  findings,
  type Diagnosis,
  type DiagnosisCode,
  type DiagnosisEvidence,
} from '../../src/rules/diagnosis/diagnosis.ts';

/** The engines of stories begin at this time. */
const now = Date.parse('2026-01-01T00:00:00Z');
const network: SyncErrorInfo = { category: 'network', message: 'fetch failed', retryable: true };
const server: SyncErrorInfo = {
  category: 'server',
  message: 'HTTP 500',
  retryable: true,
  statusCode: 500,
};
const group = {
  count: 1,
  isAtLeast: false,
  first: { opId: 'op-1', kind: 'todos', entityId: 'a', lastError: 'The title is too long.' },
} as const;

/** Evidence as engines give it, for each finding. */
const evidence: DiagnosisEvidence = {
  appOutdated: {},
  storeFailed: {},
  storageDamaged: { damage: 'row 12 missing from index todos_by_list' },
  stopped: {},
  otherAccount: { pending: 3 },
  signInNeeded: { pending: 2 },
  webPage: { error: { ...server, isHtml: true }, pending: 1, retryAt: now + 60_000 },
  wrongAddress: { error: { ...server, statusCode: 404 }, pending: 0 },
  runFailed: { error: server, pending: 1 },
  serverGivenUp: { error: network, pending: 4, hasTriggers: true },
  conflict: { count: 2, first: group.first },
  stuck: group,
  ambiguous: group,
  unsendable: group,
  forbidden: group,
  rejected: group,
  ring: group,
  unknownKind: group,
  newerSchema: group,
  quarantined: { count: 2, isAtLeast: false, kind: 'todos', id: 'a', error: 'title must not be null' },
  memoryStorage: { pending: 1, reason: 'This window is private.' },
  storageNearlyFull: { quota: 100_000_000, usage: 94_000_000 },
  clockDoubt: { offsetMs: 20 * 60_000 },
  noTrigger: { pending: 1 },
  stale: { lastSyncedAt: now - 3 * 86_400_000 },
  paused: { pending: 1 },
  offline: { pending: 5 },
  retrying: { error: network, retryAt: now + 40_000 },
  changesRetrying: { ...group, retryAt: now + 40_000 },
  queued: { pending: 1 },
  anotherTab: { pending: 0 },
  notPersisted: {},
  starting: {},
  firstPull: {},
  syncing: {},
  neverSynced: {},
  allWell: { lastSyncedAt: now - 60_000 },
};

export const allCodes = Object.keys(findings) as readonly DiagnosisCode[];

export const sampleFinding = (code: DiagnosisCode): Diagnosis =>
  ({ code, evidence: evidence[code], ...findings[code] }) as Diagnosis;

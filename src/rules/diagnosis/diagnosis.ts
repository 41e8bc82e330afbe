import type { SyncErrorInfo } from '../../model/errors/errors.ts';
import type { QueueGroup } from './digest-queue.ts';

/**
 * Urgency of a finding. `error`: nothing syncs until somebody acts. `warning`: something needs attention, the rest
 * continues. `waiting`: resolves without action. `notice`: for information. `ok`: nothing is wrong.
 */
export type DiagnosisLevel = 'error' | 'warning' | 'waiting' | 'notice' | 'ok';

/** A possible remedy. A screen offers it as a button or describes it in its own words. */
export type Remedy =
  | 'addTriggers'
  | 'adoptScope'
  | 'allowNull'
  | 'amend'
  | 'askPermission'
  | 'checkAddress'
  | 'checkServer'
  | 'clearScope'
  | 'correctTable'
  | 'createEngine'
  | 'decideConflict'
  | 'drop'
  | 'exportFile'
  | 'freeSpace'
  | 'goOnline'
  | 'leavePrivateWindow'
  | 'lookAndRetry'
  | 'persistStorage'
  | 'registerTable'
  | 'reload'
  | 'resume'
  | 'retry'
  | 'setClock'
  | 'signIn'
  | 'signInToNetwork'
  | 'sync'
  | 'updateApp'
  | 'wait';

/** The evidence of each finding. Times are epoch ms. */
export interface DiagnosisEvidence {
  /** A newer release of the app holds the database. */
  readonly appOutdated: Nothing;
  /** The database on this device cannot be used. */
  readonly storeFailed: { readonly error?: SyncErrorInfo | undefined };
  /** SQLite's integrity check found damage. */
  readonly storageDamaged: { readonly damage: string };
  /** The engine was disposed or its actor stopped. */
  readonly stopped: Nothing;
  /** The database belongs to another user or server. */
  readonly otherAccount: { readonly pending: number };
  /** The server rejects the session. */
  readonly signInNeeded: { readonly pending: number };
  /** The response was a web page: a captive portal, or a website at the configured address. */
  readonly webPage: ServerEvidence;
  /** The server does not serve the address that the app uses. */
  readonly wrongAddress: ServerEvidence;
  /** A run failed, and a retry would not help. */
  readonly runFailed: ServerEvidence;
  /** The last run used all its attempts, and no further one is planned. */
  readonly serverGivenUp: ServerEvidence & { readonly hasTriggers: boolean };

  /** Conflicts wait for a decision. */
  readonly conflict: { readonly count: number; readonly first?: QueueGroup['first'] | undefined };
  /** The server refused changes too often. */
  readonly stuck: QueueGroup;
  /** The server may or may not have these changes. */
  readonly ambiguous: QueueGroup;
  /** Changes cannot be sent as stored. */
  readonly unsendable: QueueGroup;
  /** The server does not allow changes. */
  readonly forbidden: QueueGroup;
  /** The server refused changes. The engine will retry them. */
  readonly rejected: QueueGroup;
  /** Rows reference each other through NOT NULL columns, so none can be created first. */
  readonly ring: QueueGroup;
  /** Changes of tables that this engine does not know. */
  readonly unknownKind: QueueGroup;
  /** Changes of tables that a newer release of the app has used. */
  readonly newerSchema: QueueGroup;
  /** Rows of the server that the local table cannot store. */
  readonly quarantined: QuarantineFacts;
  /** The database is lost when this tab closes. */
  readonly memoryStorage: { readonly pending: number; readonly reason?: string | undefined };
  /** The browser has little space left for this site. */
  readonly storageNearlyFull: { readonly quota: number; readonly usage: number };
  /** The clocks of device and server differ: server time minus device time, in ms. */
  readonly clockDoubt: { readonly offsetMs: number };
  /** Changes are queued, and nothing will start a sync. */
  readonly noTrigger: { readonly pending: number };
  /** The last sync was long ago. */
  readonly stale: { readonly lastSyncedAt: number };

  readonly paused: { readonly pending: number };
  readonly offline: { readonly pending: number };
  /** The last attempt failed. The next one is at `retryAt`. */
  readonly retrying: { readonly error?: SyncErrorInfo | undefined; readonly retryAt?: number | undefined };
  /** Single changes failed. The engine retries them automatically. */
  readonly changesRetrying: QueueGroup;
  /** Changes wait for the next sync. */
  readonly queued: { readonly pending: number };

  /** Another tab or process is synchronising this database. */
  readonly anotherTab: { readonly pending: number };
  /** The browser did not promise to keep the file. */
  readonly notPersisted: Nothing;

  readonly starting: Nothing;
  /** The first pull fills the tables. */
  readonly firstPull: Nothing;
  readonly syncing: Nothing;
  /** This database was never synchronised. */
  readonly neverSynced: Nothing;
  readonly allWell: { readonly lastSyncedAt?: number | undefined };
}

type Nothing = Readonly<Record<never, never>>;

export interface ServerEvidence {
  readonly error: SyncErrorInfo;
  readonly pending: number;
  readonly retryAt?: number | undefined;
}

export interface QuarantineFacts {
  readonly count: number;
  /** The real number may be higher than `count`. */
  readonly isAtLeast: boolean;
  readonly kind: string;
  readonly id: string;
  readonly error: string;
}

export type DiagnosisCode = keyof DiagnosisEvidence;

/** One finding: what is wrong, its urgency, evidence and remedies. Plain data. */
export type Diagnosis = {
  readonly [Code in DiagnosisCode]: {
    readonly code: Code;
    readonly level: DiagnosisLevel;
    readonly evidence: DiagnosisEvidence[Code];
    /** The most helpful remedy first. */
    readonly remedies: readonly Remedy[];
  };
}[DiagnosisCode];

/** Urgency and remedies of each finding, most important first. */
export const findings: Readonly<
  Record<DiagnosisCode, { readonly level: DiagnosisLevel; readonly remedies: readonly Remedy[] }>
> = {
  appOutdated: { level: 'error', remedies: ['reload', 'updateApp'] },
  storeFailed: { level: 'error', remedies: ['freeSpace', 'reload', 'updateApp'] },
  storageDamaged: { level: 'error', remedies: ['exportFile'] },
  stopped: { level: 'error', remedies: ['createEngine'] },
  otherAccount: { level: 'error', remedies: ['adoptScope', 'clearScope'] },
  signInNeeded: { level: 'error', remedies: ['signIn'] },
  webPage: { level: 'error', remedies: ['signInToNetwork', 'checkAddress'] },
  wrongAddress: { level: 'error', remedies: ['checkAddress', 'updateApp'] },
  runFailed: { level: 'error', remedies: ['sync', 'checkServer', 'updateApp'] },
  serverGivenUp: { level: 'warning', remedies: ['sync', 'checkServer'] },
  conflict: { level: 'warning', remedies: ['decideConflict'] },
  stuck: { level: 'warning', remedies: ['amend', 'retry', 'drop'] },
  ambiguous: { level: 'warning', remedies: ['lookAndRetry', 'drop'] },
  unsendable: { level: 'warning', remedies: ['updateApp', 'drop'] },
  forbidden: { level: 'warning', remedies: ['askPermission', 'drop'] },
  rejected: { level: 'warning', remedies: ['amend', 'drop'] },
  ring: { level: 'warning', remedies: ['allowNull'] },
  unknownKind: { level: 'warning', remedies: ['registerTable', 'updateApp', 'drop'] },
  newerSchema: { level: 'warning', remedies: ['updateApp'] },
  quarantined: { level: 'warning', remedies: ['correctTable', 'updateApp'] },
  memoryStorage: { level: 'warning', remedies: ['leavePrivateWindow', 'sync'] },
  storageNearlyFull: { level: 'warning', remedies: ['freeSpace'] },
  clockDoubt: { level: 'warning', remedies: ['setClock'] },
  noTrigger: { level: 'warning', remedies: ['sync', 'addTriggers'] },
  stale: { level: 'warning', remedies: ['sync'] },
  paused: { level: 'waiting', remedies: ['resume'] },
  offline: { level: 'waiting', remedies: ['goOnline'] },
  retrying: { level: 'waiting', remedies: ['wait', 'sync'] },
  changesRetrying: { level: 'waiting', remedies: ['wait', 'sync'] },
  queued: { level: 'waiting', remedies: ['wait', 'sync'] },
  anotherTab: { level: 'notice', remedies: ['wait'] },
  notPersisted: { level: 'notice', remedies: ['persistStorage'] },
  starting: { level: 'ok', remedies: ['wait'] },
  firstPull: { level: 'ok', remedies: ['wait'] },
  syncing: { level: 'ok', remedies: ['wait'] },
  neverSynced: { level: 'ok', remedies: ['sync'] },
  allWell: { level: 'ok', remedies: [] },
};

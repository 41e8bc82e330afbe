import { describeSyncError } from '../../model/errors/describe-sync-error.ts';
import { nextTry, span } from '../../model/errors/next-try.ts';
import { syncWords } from '../../model/errors/sync-words.ts';
import type { Diagnosis, DiagnosisCode, DiagnosisEvidence, Remedy } from './diagnosis.ts';
import type { QueueGroup } from './digest-queue.ts';

export interface DescribeDiagnosisOptions {
  /** Current time, epoch ms. When given, times are described as time spans ("in 2 minutes"). */
  readonly now?: number | undefined;
}

type Sentences = {
  readonly [Code in DiagnosisCode]: (evidence: DiagnosisEvidence[Code], options: DescribeDiagnosisOptions) => string;
};

const changes = (count: number): string => (count === 1 ? 'One change' : `${count} changes`);
const waiting = (pending: number): string =>
  pending === 0 ? '' : ` ${changes(pending)} ${pending === 1 ? 'waits' : 'wait'} on this device.`;

/** Quotes the server's explanation, if there is one. */
const said = ({ first: { lastError } }: QueueGroup): string =>
  lastError === undefined ? '' : ` It says: ${lastError}`;

const group = ({ count, isAtLeast }: { readonly count: number; readonly isAtLeast: boolean }): string =>
  isAtLeast && count > 1 ? `At least ${count} changes` : changes(count);

const sentences: Sentences = {
  appOutdated: () => 'A newer version of this app holds the data. Reload to go on.',
  storeFailed: () => syncWords.database,
  storageDamaged: () => 'The file with the data of this device is damaged. Save a copy before anything else.',
  stopped: () => syncWords.stopped,
  otherAccount: () => syncWords.otherAccount,
  signInNeeded: ({ pending }) => `${syncWords.signIn} ${syncWords.kept}${waiting(pending)}`,
  webPage: ({ error, retryAt }, { now }) => describeSyncError(error, { retryAt, now }),
  wrongAddress: ({ error }) => describeSyncError(error),
  runFailed: ({ error }) => describeSyncError(error),
  serverGivenUp: ({ error, hasTriggers }) =>
    `${describeSyncError(error)} ${hasTriggers ? 'The app tries again with its next sync.' : 'The app does not try again automatically.'}`,

  conflict: ({ count }) =>
    count === 1
      ? `${syncWords.conflict} as you. Decide which version stays.`
      : `Somebody else changed ${count} records that you changed, too. Decide which versions stay.`,
  stuck: (evidence) => `${group(evidence)} cannot be sent: the server refused too often.${said(evidence)}`,
  ambiguous: (evidence) =>
    `${group(evidence)} may or may not have reached the server. Check the record, then send the change again or drop it.`,
  unsendable: (evidence) => `${group(evidence)} cannot be sent as stored on this device.`,
  forbidden: (evidence) =>
    `The server does not allow you to make ${evidence.count === 1 ? 'a change' : 'some changes'}.${said(evidence)}`,
  rejected: (evidence) =>
    `The server did not accept ${evidence.count === 1 ? 'a change' : 'some changes'}.${said(evidence)}`,
  ring: () => 'Some new records refer to each other, so the server cannot accept any of them first.',
  unknownKind: ({ first }) => `Changes of '${first.kind}' are not sent: this version of the app does not know them.`,
  newerSchema: ({ first }) => `Changes of '${first.kind}' are not sent until this app is up to date.`,
  quarantined: ({ count, isAtLeast, kind }) =>
    `${count === 1 ? 'One record' : `${isAtLeast ? 'At least ' : ''}${count} records`} of '${kind}' from the server cannot be stored on this device. What you see may be older.`,
  memoryStorage: ({ pending }) => `The data lives in this tab only and is lost when you close it.${waiting(pending)}`,
  storageNearlyFull: ({ quota, usage }) =>
    `The browser has little space left for this app: ${Math.floor((100 * usage) / quota)}% is used.`,
  clockDoubt: ({ offsetMs }) =>
    `The clock of this device is ${span(Math.abs(offsetMs))} ${offsetMs > 0 ? 'behind' : 'ahead of'} the server's.`,
  noTrigger: ({ pending }) =>
    `${changes(pending)} ${pending === 1 ? 'waits' : 'wait'}, and nothing will start a sync by itself.`,
  stale: ({ lastSyncedAt }, { now }) =>
    now === undefined
      ? 'The last sync was a long time ago. The server may have newer data.'
      : `The last sync was ${span(now - lastSyncedAt)} ago. The server may have newer data.`,

  paused: ({ pending }) => `${syncWords.paused}${waiting(pending)}`,
  offline: ({ pending }) => `${syncWords.offline} You can keep working.${waiting(pending)}`,
  retrying: ({ error, retryAt }, { now }) =>
    error === undefined
      ? `The last attempt failed. ${retryAt === undefined ? syncWords.sentLater : nextTry(retryAt, now)}`
      : describeSyncError(error, { retryAt, now }),
  changesRetrying: (evidence, { now }) =>
    `${group(evidence)} failed and will be tried again.${evidence.retryAt === undefined ? '' : ` ${nextTry(evidence.retryAt, now)}`}`,
  queued: ({ pending }) => `${changes(pending)} will be sent soon.`,

  anotherTab: () => syncWords.standby,
  notPersisted: () => 'The browser may delete the data of this app when space runs short.',

  starting: () => 'Synchronising is starting.',
  firstPull: () => 'The data is being fetched for the first time.',
  syncing: () => 'Synchronising.',
  neverSynced: () => 'Not synchronised yet.',
  allWell: () => 'Everything is up to date.',
};

/**
 * Describes a finding to people in one or two English sentences. An app in another language writes its own from `code`
 * and `evidence`.
 */
export function describeDiagnosis<Code extends DiagnosisCode>(
  { code, evidence }: Extract<Diagnosis, { readonly code: Code }>,
  options: DescribeDiagnosisOptions = {},
): string {
  const sentence = sentences[code];
  return sentence(evidence as DiagnosisEvidence[Code], options);
}

const labels: Readonly<Partial<Record<DiagnosisCode, string>>> = {
  appOutdated: 'a newer release has the file: reload',
  storageDamaged: 'file damaged',
  memoryStorage: 'in memory only',
};

/** Describes a finding in a few words, for a badge. Undefined for findings that have no badge. */
export const labelDiagnosis = ({ code }: Diagnosis): string | undefined => labels[code];

const remedies: Readonly<Record<Remedy, string>> = {
  addTriggers: 'Call createTriggers(engine, …).start(), or engine.startAuto().',
  adoptScope: 'Keep the data for the current account.',
  allowNull: 'Make one of the columns that link the records nullable.',
  amend: 'Correct the change.',
  askPermission: 'Ask for permission.',
  checkAddress: 'Check the address of the server.',
  checkServer: 'Check the server.',
  clearScope: 'Clear this device for the current account.',
  correctTable: "Change the local table so that it accepts the server's rows.",
  createEngine: 'Create a new engine, or reload.',
  decideConflict: 'Decide which version stays.',
  drop: 'Drop the change.',
  exportFile: 'Save a copy of the data.',
  freeSpace: 'Free some space on the device.',
  goOnline: 'Connect to a network.',
  leavePrivateWindow: 'Open the app in a normal window.',
  lookAndRetry: 'Check the record, then send the change again.',
  persistStorage: 'Allow the browser to keep the data, or install the app.',
  registerTable: 'Register the table with the engine.',
  reload: 'Reload the app.',
  resume: 'Resume.',
  retry: 'Send the change again.',
  setClock: 'Set the clock of the device.',
  signIn: 'Sign in.',
  signInToNetwork: 'Sign in to the network.',
  sync: 'Sync now.',
  updateApp: 'Update the app.',
  wait: 'Wait.',
};

/** Describes a remedy in English. */
export const describeRemedy = (remedy: Remedy): string => remedies[remedy];

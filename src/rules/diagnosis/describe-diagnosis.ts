import { describeSyncError } from '../../model/errors/describe-sync-error.ts';
import { nextTry, span } from '../../model/errors/next-try.ts';
import { syncWords } from '../../model/errors/sync-words.ts';
import type { Diagnosis, DiagnosisCode, DiagnosisEvidence, Remedy } from './diagnosis.ts';
import type { QueueGroup } from './digest-queue.ts';

export interface DescribeDiagnosisOptions {
  /** Epoch ms; with it times are told as spans ("in 2 minutes"). */
  readonly now?: number | undefined;
}

type Sentences = {
  readonly [Code in DiagnosisCode]: (evidence: DiagnosisEvidence[Code], options: DescribeDiagnosisOptions) => string;
};

const changes = (count: number): string => (count === 1 ? 'One change' : `${count} changes`);
const waiting = (pending: number): string =>
  pending === 0 ? '' : ` ${changes(pending)} ${pending === 1 ? 'waits' : 'wait'} on this device.`;

/** `the server's words`, where it said something. */
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
    `${describeSyncError(error)} ${hasTriggers ? 'It is tried again when the app next syncs.' : 'Nothing tries again by itself.'}`,

  conflict: ({ count }) =>
    count === 1
      ? `${syncWords.conflict} as you. Decide which version stays.`
      : `Somebody else changed ${count} records that you changed, too. Decide which versions stay.`,
  stuck: (evidence) => `${group(evidence)} cannot be sent: the server refused too often.${said(evidence)}`,
  ambiguous: (evidence) =>
    `${group(evidence)} may or may not have reached the server. Look at the record, then send again or drop.`,
  unsendable: (evidence) => `${group(evidence)} cannot be sent as stored on this device.`,
  forbidden: (evidence) =>
    `The server does not allow you to make ${evidence.count === 1 ? 'a change' : 'some changes'}.${said(evidence)}`,
  rejected: (evidence) =>
    `The server did not accept ${evidence.count === 1 ? 'a change' : 'some changes'}.${said(evidence)}`,
  ring: () => 'Some new records refer to each other, so the server can take none of them first.',
  unknownKind: ({ first }) => `Changes of '${first.kind}' are not sent: this version of the app does not know them.`,
  newerSchema: ({ first }) => `Changes of '${first.kind}' are not sent until this app is up to date.`,
  quarantined: ({ count, isAtLeast, kind }) =>
    `${count === 1 ? 'One record' : `${isAtLeast ? 'At least ' : ''}${count} records`} of '${kind}' from the server cannot be stored on this device. What you see may be older.`,
  memoryStorage: ({ pending }) => `The data lives in this tab only and is lost when you close it.${waiting(pending)}`,
  storageNearlyFull: ({ quota, usage }) =>
    `The browser has little space left for this app: ${Math.floor((100 * usage) / quota)} % are used.`,
  clockDoubt: ({ offsetMs }) =>
    `The clock of this device is ${span(Math.abs(offsetMs))} ${offsetMs > 0 ? 'behind' : 'ahead of'} the server's.`,
  noTrigger: ({ pending }) =>
    `${changes(pending)} ${pending === 1 ? 'waits' : 'wait'}, and nothing will start a sync by itself.`,
  stale: ({ lastSyncedAt }, { now }) =>
    now === undefined
      ? 'The last sync is long ago. The server may have newer data.'
      : `The last sync was ${span(now - lastSyncedAt)} ago. The server may have newer data.`,

  paused: ({ pending }) => `${syncWords.paused}${waiting(pending)}`,
  offline: ({ pending }) => `${syncWords.offline} You can go on working.${waiting(pending)}`,
  retrying: ({ error, retryAt }, { now }) =>
    error === undefined
      ? `The last attempt failed. ${retryAt === undefined ? syncWords.sentLater : nextTry(retryAt, now)}`
      : describeSyncError(error, { retryAt, now }),
  changesRetrying: (evidence, { now }) =>
    `${group(evidence)} failed and ${evidence.count === 1 ? 'is' : 'are'} tried again.${evidence.retryAt === undefined ? '' : ` ${nextTry(evidence.retryAt, now)}`}`,
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
 * Says a finding in one or two English sentences, for people. An app that speaks another language writes its own from
 * `code` and `evidence`.
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

/** A finding in a few words, as for a badge. Only what a badge shows today has some. */
export const labelDiagnosis = ({ code }: Diagnosis): string | undefined => labels[code];

const remedies: Readonly<Record<Remedy, string>> = {
  addTriggers: 'Call createTriggers(engine, …).start(), or engine.startAuto().',
  adoptScope: 'Keep the data for the present account.',
  allowNull: 'Let one of the columns by which the records refer to each other be NULL.',
  amend: 'Correct the change.',
  askPermission: 'Ask for the permission.',
  checkAddress: 'Check the address of the server.',
  checkServer: 'Check the server.',
  clearScope: 'Empty this device for the present account.',
  correctTable: "Let the local table take the server's rows.",
  createEngine: 'Create a new engine, or reload.',
  decideConflict: 'Decide which version stays.',
  drop: 'Drop the change.',
  exportFile: 'Save a copy of the data.',
  freeSpace: 'Free some space on the device.',
  goOnline: 'Connect to a network.',
  leavePrivateWindow: 'Open the app in a normal window.',
  lookAndRetry: 'Look at the record, then send the change again.',
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

/** Says a remedy in English. */
export const describeRemedy = (remedy: Remedy): string => remedies[remedy];

import { describeDiagnosis, describeRemedy } from '../../rules/diagnosis/describe-diagnosis.ts';
import { findings, type Diagnosis, type DiagnosisCode, type Remedy } from '../../rules/diagnosis/diagnosis.ts';
import type { SyncUiWords } from './ui-words.ts';

const labels: SyncUiWords['labels'] = {
  appOutdated: 'Reload needed',
  storeFailed: 'Database unusable',
  storageDamaged: 'Database damaged',
  stopped: 'Stopped',
  otherAccount: 'Another account',
  signInNeeded: 'Signed out',
  webPage: 'Network sign-in needed',
  wrongAddress: 'Wrong address',
  runFailed: 'Sync failed',
  serverGivenUp: 'Server unreachable',
  conflict: 'Decision needed',
  stuck: 'Change refused',
  ambiguous: 'Change unclear',
  unsendable: 'Change unreadable',
  forbidden: 'Not allowed',
  rejected: 'Change refused',
  ring: 'Changes stuck',
  unknownKind: 'Update needed',
  newerSchema: 'Update needed',
  quarantined: 'Rows unreadable',
  memoryStorage: 'Kept in memory only',
  storageNearlyFull: 'Storage nearly full',
  clockDoubt: 'Clock is wrong',
  noTrigger: 'Not sent yet',
  stale: 'Not up to date',
  paused: 'Paused',
  offline: 'Offline',
  retrying: 'Trying again',
  changesRetrying: 'Trying again',
  queued: 'Sending soon',
  anotherTab: 'Synced by another tab',
  notPersisted: 'Storage not guaranteed',
  starting: 'Starting',
  firstPull: 'First download',
  syncing: 'Syncing',
  neverSynced: 'Not synced yet',
  allWell: 'Up to date',
};

const codes = Object.keys(findings) as DiagnosisCode[];
const sentences = Object.fromEntries(
  codes.map((code) => [
    code,
    (evidence: object, options: object) => describeDiagnosis({ code, evidence } as Diagnosis, options),
  ]),
) as SyncUiWords['findings'];

/** Sentences elsewhere; buttons and items of a list here. */
const remedies = {
  ...(Object.fromEntries(
    [...new Set(codes.flatMap((code) => findings[code].remedies))].map((remedy) => [
      remedy,
      describeRemedy(remedy).replace(/\.$/, ''),
    ]),
  ) as Record<Remedy, string>),
  decideConflict: 'Decide',
  persistStorage: 'Ask the browser to keep the data',
};

const changes = (count: number): string => (count === 1 ? '1 change' : `${count} changes`);

function span(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return 'less than a minute';
  if (minutes < 60) return minutes === 1 ? 'a minute' : `${minutes} minutes`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return hours === 1 ? 'an hour' : `${hours} hours`;
  return `${Math.floor(hours / 24)} days`;
}

export const englishWords: SyncUiWords = {
  labels,
  findings: sentences,
  remedies,
  span,
  indicator: {
    title: 'Synchronisation',
    close: 'Close',
    waiting: (count) => `${changes(count)} not sent`,
    lastSynced: (ago) => `Last sync ${ago} ago`,
    failed: (message) => `That did not work. ${message}`,
  },
  conflict: {
    notice: (count) =>
      count === 1
        ? 'One change meets a newer version on the server.'
        : `${count} changes meet newer versions on the server.`,
    noticeHint: 'Both versions are kept until you decide.',
    open: 'Decide',
    title: (record) => `Which version of “${record}”?`,
    situations: {
      edited: 'You and somebody else changed it.',
      deletedHere: 'You deleted it. Meanwhile, somebody else changed it.',
      deletedThere: 'You changed it. Meanwhile, somebody else deleted it.',
      createdHere: 'You created it. The server has a deleted record with the same id.',
    },
    position: (index, count) => `${index} of ${count}`,
    previous: 'Previous conflict',
    next: 'Next conflict',
    before: 'Before',
    mine: 'Yours',
    theirs: 'Theirs',
    own: 'Another value',
    ownValue: (field) => `Another value of ${field}`,
    uncontested: (count) => (count === 1 ? 'One more field differs' : `${count} more fields differ`),
    mergedHint: 'Only one of you changed these. Both changes are kept unless you choose otherwise.',
    keepMine: { edited: 'Keep mine', deletedHere: 'Delete it', deletedThere: 'Keep mine', createdHere: 'Keep mine' },
    keepTheirs: {
      edited: 'Keep theirs',
      deletedHere: 'Keep theirs',
      deletedThere: 'Delete it',
      createdHere: 'Give mine up',
    },
    keepMerged: 'Keep what is chosen',
    later: 'Later',
    renewed: 'The other version has changed again. Look at it before you decide.',
    gone: 'This was decided elsewhere in the meantime.',
    goOn: 'Go on',
    decided: {
      mine: (record) => `Kept your version of “${record}”`,
      theirs: (record) => `Kept the server’s version of “${record}”`,
      merged: (record) => `Kept what you chose for “${record}”`,
    },
  },
  rejected: {
    title: (record) => `The server refused a change of “${record}”.`,
    deletion: (record) => `The server refused to delete “${record}”.`,
    ambiguous: 'Nobody knows whether it arrived. Look at the record before you send it again.',
    send: 'Save and send again',
    retry: 'Send again',
    drop: 'Give it up',
    sent: (record) => `Sent “${record}” again`,
    dropped: (record) => `Gave up your change of “${record}”`,
    reading: 'Reading your change…',
  },
  done: {
    undo: 'Undo',
    undone: 'Undone.',
    cannotUndo: (message) => `That cannot be undone. ${message}`,
    dismiss: 'Dismiss',
  },
  values: {
    none: '—',
    empty: '(empty)',
    yes: 'Yes',
    no: 'No',
    notANumber: 'This is not a number.',
    notJson: 'This is not valid JSON.',
  },
  storage: { reload: 'Reload' },
};

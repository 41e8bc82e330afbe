/** Sentences shared by errors, explanations and diagnoses. They never contain an error's own text. */
export const syncWords = {
  kept: 'Your changes are kept.',
  sentLater: 'Your changes are kept and will be sent later.',
  signIn: 'You need to sign in again.',
  otherAccount:
    'The data on this device belongs to another account or server. Nothing is sent until you decide what to do with it; your changes are kept.',
  conflict: 'Somebody else changed the same record',
  database:
    'The data on this device cannot be read or written. There may be no space left, or the app needs an update.',
  offline: 'The device is offline.',
  paused: 'Synchronising is paused.',
  standby: 'Another tab or process is synchronising this database.',
  stopped: 'Synchronising was stopped.',
} as const;

import { SyncAbortedError, syncErrorInfo, type SyncErrorCategory, type SyncErrorInfo } from './errors.ts';

export interface DescribeOptions {
  /** Epoch ms of the next try, such as `status().retryAt`; goes before what the error itself says. */
  readonly retryAt?: number | undefined;
  /** Epoch ms; with it the next try is told as a span ("in 2 minutes"), else as a time of day. */
  readonly now?: number | undefined;
}

const sentences: Readonly<Record<SyncErrorCategory, string>> = {
  network: 'The server cannot be reached. Your changes are kept and will be sent later.',
  auth: 'You need to sign in again. Your changes are kept.',
  server: 'The server has a problem. Your changes are kept and will be sent later.',
  rateLimit: 'The server asks to wait a little. Your changes are kept and will be sent later.',
  timeout: 'The server did not answer in time. Your changes are kept and will be sent later.',
  parse:
    'The server sent something that this app does not understand. The app or the server needs to be corrected. Your changes are kept.',
  database:
    'The data on this device cannot be read or written. There may be no space left, or the app needs an update.',
  conflict: 'Somebody else changed the same record. Your changes are kept until that is decided.',
  validation: 'The server did not accept a change. It is kept, and needs to be corrected.',
  unknown: 'Synchronising failed. Your changes are kept.',
};

const webPage =
  'A web page came instead of an answer of the server, as the sign-in page of a public network does. Your changes are kept.';

/** Where the status says more than the category. */
const byStatus: Readonly<Record<number, string>> = {
  403: 'You are not allowed to make a change. It is kept, and nothing else is held up by it.',
  404: 'The app asks at an address that this server does not serve. Its settings have to be corrected, or the app updated. Your changes are kept.',
  413: 'A record is too large for the server. It is kept, and needs to be shortened; nothing else is held up by it.',
};

/**
 * Says in one or two sentences, for people, what went wrong, what happens to their changes, and when it is tried again
 * where that is known. Takes whatever was thrown, or a `SyncErrorInfo` from events and status. Total, and shows nothing
 * of the error's own text.
 */
export function describeSyncError(error: unknown, options: DescribeOptions = {}): string {
  const info = isErrorInfo(error) ? error : syncErrorInfo(error);
  const retryAt = options.retryAt ?? info.retryAt;
  const sentence = sentenceOf(error, info);
  if (!info.retryable || retryAt === undefined || !Number.isFinite(retryAt)) return sentence;
  return `${sentence} ${nextTry(retryAt, options.now)}`;
}

function sentenceOf(error: unknown, info: SyncErrorInfo): string {
  if (error instanceof SyncAbortedError) return 'Synchronising was stopped. Your changes are kept.';
  if (info.scopeChanged === true)
    return 'The data on this device belongs to another account or server. Nothing is sent until that is decided; your changes are kept.';
  const special = info.statusCode === undefined ? undefined : byStatus[info.statusCode];
  // A 404 with which a server refuses one change is no wrong address.
  const isRefused404 = info.statusCode === 404 && info.category === 'validation';
  if (special !== undefined && !isRefused404) return special;
  // Refused here, before anything was written.
  if (info.category === 'validation' && info.statusCode === undefined)
    return 'This cannot be saved as it is. Nothing was changed.';
  return info.isHtml === true ? webPage : sentences[info.category];
}

const isErrorInfo = (value: unknown): value is SyncErrorInfo =>
  typeof value === 'object' &&
  value !== null &&
  !(value instanceof Error) &&
  'category' in value &&
  typeof value.category === 'string' &&
  value.category in sentences;

const units: readonly (readonly [name: string, ms: number])[] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
];

function nextTry(retryAt: number, now: number | undefined): string {
  if (now === undefined)
    return `The next try is at ${new Date(retryAt).toLocaleTimeString([], { timeStyle: 'short' })}.`;
  const left = retryAt - now;
  if (left < 1_000) return 'It is being tried again.';
  // From two of a unit on: "in 90 seconds" says more than "in 1 minute".
  const [name, ms] = units.find(([, size]) => left >= 2 * size) ?? ['second', 1_000];
  const count = Math.round(left / ms);
  return `The next try is in ${count} ${name}${count === 1 ? '' : 's'}.`;
}

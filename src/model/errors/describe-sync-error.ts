import { SyncAbortedError, syncErrorInfo, type SyncErrorCategory, type SyncErrorInfo } from './errors.ts';
import { nextTry } from './next-try.ts';
import { syncWords } from './sync-words.ts';

export interface DescribeOptions {
  /** Epoch ms of the next attempt, such as `status().retryAt`. Overrides the time that the error carries. */
  readonly retryAt?: number | undefined;
  /**
   * Current time, epoch ms. When given, the next attempt is described as a time span ("in 2 minutes"), otherwise as a
   * time of day.
   */
  readonly now?: number | undefined;
}

const sentences: Readonly<Record<SyncErrorCategory, string>> = {
  network: `The server cannot be reached. ${syncWords.sentLater}`,
  auth: `${syncWords.signIn} ${syncWords.kept}`,
  server: `The server has a problem. ${syncWords.sentLater}`,
  rateLimit: `The server asks the app to wait. ${syncWords.sentLater}`,
  timeout: `The server did not answer in time. ${syncWords.sentLater}`,
  parse: `The server sent data that this app does not understand. The app or the server needs a fix. ${syncWords.kept}`,
  database: syncWords.database,
  conflict: `${syncWords.conflict}. Your changes are kept until you decide which version stays.`,
  validation: 'The server did not accept a change. The change is kept; correct it and send it again.',
  unknown: `Synchronising failed. ${syncWords.kept}`,
};

const webPage = `A web page arrived instead of an answer from the server. You may have to sign in to the network. ${syncWords.kept}`;

/** Statuses that say more than their category. */
const byStatus: Readonly<Record<number, string>> = {
  403: 'You do not have permission to make a change. The change is kept, and all others continue.',
  404: 'The server does not know the address that the app uses. Correct the settings of the app, or update it. Your changes are kept.',
  413: 'A record is too large for the server. The change is kept; shorten it. All others continue.',
};

/**
 * Describes a failure to people in one or two sentences: what failed, what happens to their changes, and the next
 * attempt if known. Accepts any thrown value, or a `SyncErrorInfo` from events and status. Never throws and never shows
 * the error's own text.
 */
export function describeSyncError(error: unknown, options: DescribeOptions = {}): string {
  const info = isErrorInfo(error) ? error : syncErrorInfo(error);
  const retryAt = options.retryAt ?? info.retryAt;
  const sentence = sentenceOf(error, info);
  if (!info.retryable || retryAt === undefined || !Number.isFinite(retryAt)) return sentence;
  return `${sentence} ${nextTry(retryAt, options.now)}`;
}

function sentenceOf(error: unknown, info: SyncErrorInfo): string {
  if (error instanceof SyncAbortedError) return `${syncWords.stopped} ${syncWords.kept}`;
  if (info.scopeChanged === true) return syncWords.otherAccount;
  const special = info.statusCode === undefined ? undefined : byStatus[info.statusCode];
  // A 404 that refuses a single change does not mean a wrong address.
  const isRefused404 = info.statusCode === 404 && info.category === 'validation';
  if (special !== undefined && !isRefused404) return special;
  // The client refused the data before it wrote anything.
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

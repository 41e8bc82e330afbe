import { SyncAbortedError, syncErrorInfo, type SyncErrorCategory, type SyncErrorInfo } from './errors.ts';
import { nextTry } from './next-try.ts';
import { syncWords } from './sync-words.ts';

export interface DescribeOptions {
  /** Epoch ms of the next try, such as `status().retryAt`; goes before what the error itself says. */
  readonly retryAt?: number | undefined;
  /** Epoch ms; with it the next try is told as a span ("in 2 minutes"), else as a time of day. */
  readonly now?: number | undefined;
}

const sentences: Readonly<Record<SyncErrorCategory, string>> = {
  network: `The server cannot be reached. ${syncWords.sentLater}`,
  auth: `${syncWords.signIn} ${syncWords.kept}`,
  server: `The server has a problem. ${syncWords.sentLater}`,
  rateLimit: `The server asks to wait a little. ${syncWords.sentLater}`,
  timeout: `The server did not answer in time. ${syncWords.sentLater}`,
  parse: `The server sent something that this app does not understand. The app or the server needs to be corrected. ${syncWords.kept}`,
  database: syncWords.database,
  conflict: `${syncWords.conflict}. Your changes are kept until that is decided.`,
  validation: 'The server did not accept a change. It is kept, and needs to be corrected.',
  unknown: `Synchronising failed. ${syncWords.kept}`,
};

const webPage = `A web page came instead of an answer of the server, as the sign-in page of a public network does. ${syncWords.kept}`;

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
  if (error instanceof SyncAbortedError) return `${syncWords.stopped} ${syncWords.kept}`;
  if (info.scopeChanged === true) return syncWords.otherAccount;
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

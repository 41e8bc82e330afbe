import type { FaultSettings } from '../protocol/engine-view.ts';
import { describeDuration } from './words/describe-time.ts';

export type FaultErrorType = NonNullable<FaultSettings['errorType']>;

/** Ways in which a call can be made to fail, and what the engine makes of each. */
export const faultErrors: readonly (readonly [type: FaultErrorType, label: string, effect: string])[] = [
  ['unavailable', '503, server unavailable', 'is tried again later, with growing waits'],
  ['throttled', '429, too many requests', 'waits for as long as the server asks, here five seconds'],
  ['unauthorized', '401, signed out', 'stops the engine until somebody signs in'],
  ['forbidden', '403, forbidden', 'leaves the operation where it is; it is tried again with the next sync'],
  ['rejected', '422, rejected', 'counts as a try, and parks the operation after too many'],
  ['malformed', 'an answer that is no JSON', 'counts no try; two in a row end the run, which is repeated later'],
];

/** Settings without those that do nothing: all off is `{}`. */
export function cleanFaults({
  offline,
  latencyMs = 0,
  errorRate = 0,
  errorType,
  cutReplies = 0,
  clockSkewMs = 0,
}: FaultSettings): FaultSettings {
  return {
    ...(offline === true ? { offline } : {}),
    ...(latencyMs > 0 ? { latencyMs } : {}),
    ...(errorRate > 0 ? { errorRate, ...(errorType === undefined ? {} : { errorType }) } : {}),
    ...(cutReplies > 0 ? { cutReplies } : {}),
    ...(clockSkewMs === 0 ? {} : { clockSkewMs }),
  };
}

/** What is on now, one text each; empty: nothing. */
export function faultTexts(faults: FaultSettings): readonly string[] {
  const { offline, latencyMs, errorRate, errorType = 'unavailable', cutReplies, clockSkewMs } = cleanFaults(faults);
  const texts = [
    offline === true && 'offline',
    latencyMs !== undefined && `${describeDuration(latencyMs)} later`,
    errorRate !== undefined &&
      `${percent(errorRate)} of calls: ${faultErrors.find(([type]) => type === errorType)?.[1] ?? errorType}`,
    cutReplies !== undefined && `${percent(cutReplies)} of answers lost`,
    clockSkewMs !== undefined &&
      `server clock ${describeDuration(Math.abs(clockSkewMs))} ${clockSkewMs > 0 ? 'ahead' : 'behind'}`,
  ];
  return texts.filter((text) => text !== false);
}

export const percent = (share: number): string => `${Math.round(share * 100)} %`;

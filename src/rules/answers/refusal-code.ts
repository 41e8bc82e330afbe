import { outcomeEffects } from './outcome-effects.ts';

/** Codes beside an operation that are no refusal: other outcomes, and what the store itself writes there. */
export const otherCodes: readonly string[] = [
  ...Object.keys(outcomeEffects).filter((type) => type !== 'rejected'),
  'waitingFor',
  'upgradeFailed',
  'newerSchema',
  'damaged',
];

/** Whether the server refused the operation: with a code of its own, or as `rejected`. */
export const isRefusalCode = (errorCode: string | undefined): boolean =>
  errorCode !== undefined && !otherCodes.includes(errorCode);

import { outcomeEffects } from './outcome-effects.ts';

/** Error codes of an operation that do not mean a refusal: other outcomes, and codes that the store itself writes. */
export const otherCodes: readonly string[] = [
  ...Object.keys(outcomeEffects).filter((type) => type !== 'rejected'),
  'waitingFor',
  'upgradeFailed',
  'newerSchema',
  'damaged',
];

/** Whether the server refused the operation, with its own code or as `rejected`. */
export const isRefusalCode = (errorCode: string | undefined): boolean =>
  errorCode !== undefined && !otherCodes.includes(errorCode);

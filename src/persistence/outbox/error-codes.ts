// Codes that the store itself writes beside an operation. Others are the kinds of outcomes.

/**
 * The operation waits for another one, whose row `last_error` names as `kind/id`: no failure. Behind a creation, it
 * keeps an edit from folding into that.
 */
export const waitingForCode = 'waitingFor';
/** The operation could not be brought to today's shape of its table. */
export const upgradeFailedCode = 'upgradeFailed';
/** A newer release of the app has queued the operation. */
export const newerSchemaCode = 'newerSchema';
/** The stored operation, or what belongs to it, cannot be read (F-164). */
export const damagedCode = 'damaged';

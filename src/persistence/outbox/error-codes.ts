// Codes that the store itself writes to an operation. All others are outcome types.

/**
 * Not a failure: the operation waits for another one, whose row `last_error` names as `kind/id`. Behind a creation, it
 * prevents an edit from folding into it.
 */
export const waitingForCode = 'waitingFor';
/** The operation could not be upgraded to the current format of its table. */
export const upgradeFailedCode = 'upgradeFailed';
/** A newer release of the app queued the operation. */
export const newerSchemaCode = 'newerSchema';
/** The stored operation or its data cannot be read (F-164). */
export const damagedCode = 'damaged';

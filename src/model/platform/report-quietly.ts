/** Reports an error that has no other receiver. Never ends the process. */
export const reportQuietly = (error: unknown): void => {
  const text = error instanceof Error ? error : new Error(String(error));
  if (typeof process !== 'undefined' && typeof process.emitWarning === 'function') process.emitWarning(text);
  else if (typeof reportError === 'function') reportError(text);
};

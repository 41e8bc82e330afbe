/** Reports an error that nobody can be told of, without ever ending the process. */
export const reportQuietly = (error: unknown): void => {
  const text = error instanceof Error ? error : new Error(String(error));
  if (typeof process !== 'undefined' && typeof process.emitWarning === 'function') process.emitWarning(text);
  else if (typeof reportError === 'function') reportError(text);
};

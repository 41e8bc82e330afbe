const own = new WeakSet<object>();

/**
 * Marks a query runner or a transaction that the engine or a writer opened for itself: what it writes has its operation
 * already, or comes from the server, and is never captured.
 */
export const markOwn = (work: object): void => {
  own.add(work);
};

export const isOwn = (work: object | undefined): boolean => work !== undefined && own.has(work);

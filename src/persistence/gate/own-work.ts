const own = new WeakSet<object>();

/**
 * Marks a query runner or transaction of the engine or a writer. Its writes are never captured: they have their
 * operation already, or come from the server.
 */
export const markOwn = (work: object): void => {
  own.add(work);
};

export const isOwn = (work: object | undefined): boolean => work !== undefined && own.has(work);

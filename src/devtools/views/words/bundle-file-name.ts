/** Names a saved file after the engine and the time, with what every file system takes. */
export const bundleFileName = (engine: string, at: Date): string => {
  const name = engine
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  return `synchart-${name === '' ? 'engine' : name}-${at.toISOString().slice(0, 19).replaceAll(':', '-')}.json`;
};

/** Names a saved file after the engine and the time, with what every file system takes. */
export const bundleFileName = (engine: string, at: Date): string => {
  const name = engine
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  const whole =
    name === 'synchart' || name.startsWith('synchart-') ? name : `synchart-${name === '' ? 'engine' : name}`;
  return `${whole}-${at.toISOString().slice(0, 19).replaceAll(':', '-')}.json`;
};

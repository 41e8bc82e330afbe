/** Gives an error about an option the code `INVALID_OPTION`, so that an app can tell it from a defect. */
export const invalidOption = <Thrown extends Error>(error: Thrown): Thrown & { readonly code: 'INVALID_OPTION' } =>
  Object.assign(error, { code: 'INVALID_OPTION' as const });

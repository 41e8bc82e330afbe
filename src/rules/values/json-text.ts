/** Writes JSON. A value nested so deep that it could be parsed and cannot be written is named by `otherwise` instead (I13). */
export function jsonText(value: unknown, otherwise: () => string): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (error instanceof RangeError) return otherwise();
    throw error;
  }
}

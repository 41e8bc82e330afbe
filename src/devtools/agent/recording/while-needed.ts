/**
 * Begins with the first need and ends with the last: what nobody looks at costs nothing. Asking for what is so already
 * does nothing.
 */
export function whileNeeded(begin: () => () => void): (isNeeded: boolean) => void {
  let end: (() => void) | undefined;
  return (isNeeded) => {
    if (isNeeded) {
      end ??= begin();
      return;
    }
    end?.();
    end = undefined;
  };
}

/**
 * Gives a function that has `work` done: once per call, never two at a time. Calls that come while it is done are
 * answered by doing it once more. After `failed`, the next call begins again.
 */
export function againIfAsked(
  work: () => Promise<void>,
  isOver: () => boolean,
  failed: (error: unknown) => void,
): () => void {
  let isAsked = false;
  let isWorking = false;
  const workOff = async (): Promise<void> => {
    isWorking = true;
    try {
      while (isAsked && !isOver()) {
        isAsked = false;
        await work();
      }
    } catch (error) {
      failed(error);
    } finally {
      // In the same step as the last look at isAsked: a call that came in between would be answered by nobody.
      isWorking = false;
    }
  };
  return () => {
    isAsked = true;
    if (!isWorking) void workOff();
  };
}

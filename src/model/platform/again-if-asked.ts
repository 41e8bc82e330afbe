/**
 * Returns a function that runs `work` at most once at a time. Calls during a run share one further run. After `failed`,
 * the next call starts again.
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
      // Must happen in the same step as the last read of isAsked; otherwise a call in between would get no run.
      isWorking = false;
    }
  };
  return () => {
    isAsked = true;
    if (!isWorking) void workOff();
  };
}

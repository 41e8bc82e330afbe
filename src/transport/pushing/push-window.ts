/**
 * Runs `work` items until none is left, at most `width` at a time, as a sliding window and not in groups (PROTOCOL §7).
 */
export async function slideWindow(width: number, next: () => (() => Promise<void>) | undefined): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    let running = 0;
    const fill = (): void => {
      for (;;) {
        if (running >= width) return;
        const work = next();
        if (work === undefined) break;
        running += 1;
        work().then(() => {
          running -= 1;
          fill();
        }, reject);
      }
      if (running === 0) resolve();
    };
    fill();
  });
}

/** What a visit found. Made by a page, so it is to be checked. */
export interface FrameVisit {
  readonly origin: string;
  /**
   * For each reached frame that exposes engines: its place below the visited one, such as `0.2`, its address, and its
   * list as JSON.
   */
  readonly hooks: readonly { readonly place: string; readonly url: string; readonly engines: string }[];
  /** Of the engine that was asked; absent where none was, or where it is not here. */
  readonly answer?: string | undefined;
}

/**
 * Runs inside the inspected page, as text: it may use nothing but what is in it. Looks into the frame and all frames
 * below it that are of the same origin; those between of another origin are walked through.
 */
export function visitFrame(name: string, request: string | undefined): FrameVisit {
  const hooks: { place: string; url: string; engines: string }[] = [];
  let answer: string | undefined;
  let left = 200;
  const visit = (frame: Window, place: string): void => {
    left -= 1;
    try {
      const hook = Reflect.get(frame, Symbol.for(name)) as
        | { list(): string; exchange(request: string): string | undefined }
        | undefined;
      if (hook !== undefined) {
        hooks.push({ place, url: String(frame.location.href), engines: hook.list() });
        if (request !== undefined) answer ??= hook.exchange(request);
      }
    } catch (error) {
      // A frame of another origin, or a hook that is none: the others are still to be seen.
      if (left < 0) throw error;
    }
    for (let index = 0; index < frame.length && left > 0; index += 1) {
      const inner = frame[index];
      if (inner !== undefined) visit(inner, place === '' ? String(index) : `${place}.${index}`);
    }
  };
  visit(globalThis.window, '');
  return { origin: globalThis.location.origin, hooks, answer };
}

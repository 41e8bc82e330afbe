import type { FromWorker, ToWorker } from '../worker/worker-messages.ts';
import type { WorkerFactory } from './worker-script.ts';

const stopWithinMs = 3_000;
/** A request for a script can hang, and then blocks its address for all tabs. */
const scriptWithinMs = 5_000;

interface TabWorkerParts {
  readonly startWorker: WorkerFactory;
  /** Undefined: the worker fetches the wasm file itself. */
  readonly wasm: Promise<WebAssembly.Module | undefined> | undefined;
  onMessage(message: FromWorker): void;
  onScriptFailed(reason: string): void;
}

/** The worker of one tab. A second one takes over where the script of the first does not load in time. */
export class TabWorker {
  readonly #parts: TabWorkerParts;
  #worker: Worker;
  #isEnded = false;
  /** Runs until the worker's script does. */
  #scriptTimer: ReturnType<typeof setTimeout> | undefined;

  /** Starts the script. Nothing is heard before `begin`. */
  constructor(parts: TabWorkerParts) {
    this.#parts = parts;
    this.#worker = parts.startWorker(0);
  }

  /** Sends the worker its work; `start` makes the message anew for each attempt. */
  begin(start: () => ToWorker, attempt = 0): void {
    const { wasm, startWorker, onMessage, onScriptFailed } = this.#parts;
    const worker = this.#worker;
    const isCurrent = (): boolean => !this.#isEnded && this.#worker === worker;
    worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => {
      if (!isCurrent()) return;
      if (data.type === 'ready') clearTimeout(this.#scriptTimer);
      onMessage(data);
    });
    worker.addEventListener('error', (event) => {
      event.preventDefault();
      onScriptFailed(event.message);
    });
    this.tell(start());
    void wasm?.then((module) => {
      if (isCurrent()) this.tell({ type: 'wasm', module });
    });
    this.#scriptTimer = setTimeout(() => {
      if (attempt > 0) {
        onScriptFailed(`it did not answer within ${scriptWithinMs} ms, twice`);
        return;
      }
      worker.terminate();
      this.#worker = startWorker(attempt + 1);
      this.begin(start, attempt + 1);
    }, scriptWithinMs);
  }

  tell(message: ToWorker, transfer: Transferable[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  /** Resolves when the worker has given the file back in order, or when it takes too long. */
  stopped(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, stopWithinMs);
      this.#worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => {
        if (data.type !== 'stopped') return;
        clearTimeout(timer);
        resolve();
      });
      this.tell({ type: 'stop' });
    });
  }

  /** Ends the worker at once. */
  terminate(): void {
    this.#isEnded = true;
    clearTimeout(this.#scriptTimer);
    this.#worker.terminate();
  }
}

import { BrowserStorageError } from '../storage/storage-error.ts';

/**
 * Starts the worker that holds the file. `attempt` is 1 where the script of a first one did not load in time: an address
 * that differs then gets past a request that hangs.
 */
export type WorkerFactory = (attempt: number) => Worker;

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): string };
}

const policyName = 'synchart';
let policy: ReturnType<TrustedTypes['createPolicy']> | undefined;

/** Receives an address where bundlers look for a worker. */
class Address {
  constructor(
    readonly url: URL | string,
    readonly options: { readonly type: 'module' },
  ) {}
}

/**
 * The address of the script as the bundler has rewritten it. Bundlers know only the form `new Worker(new URL(…))`, so the
 * parameter has that name.
 */
const addressOfScript = (Worker: typeof Address): URL =>
  new URL(new Worker(new URL('../../browser-worker.ts', import.meta.url), { type: 'module' }).url);

function startAt(url: URL, trustedTypes: TrustedTypes | undefined): Worker {
  // Pages that enforce Trusted Types take no plain text as the address of a script.
  if (trustedTypes !== undefined)
    policy ??= trustedTypes.createPolicy(policyName, { createScriptURL: (address) => address });
  return new Worker(policy?.createScriptURL(url.href) ?? url, { type: 'module' });
}

function againAt(url: URL): URL {
  url.searchParams.set('synchart', 'again');
  return url;
}

/** Starts the script of the worker. Throws `BrowserStorageError` where the page's policy forbids it. */
export function startWorkerScript(attempt: number): Worker {
  const trustedTypes = Reflect.get(globalThis, 'trustedTypes') as TrustedTypes | undefined;
  try {
    try {
      if (attempt > 0) return startAt(againAt(addressOfScript(Address)), undefined);
      return new Worker(new URL('../../browser-worker.ts', import.meta.url), { type: 'module' });
    } catch (error) {
      if (!(error instanceof TypeError) || trustedTypes === undefined) throw error;
      const url = addressOfScript(Address);
      return startAt(attempt > 0 ? againAt(url) : url, trustedTypes);
    }
  } catch (cause) {
    throw new BrowserStorageError(
      'workerFailed',
      `The worker of the database cannot be started: ${cause instanceof Error ? cause.message : String(cause)}. ` +
        `The content security policy needs worker-src 'self' and, with Trusted Types, the policy name ${policyName}; see docs/browser.md`,
      { cause },
    );
  }
}

import type { Release } from '../../rpc/protocol/messages.ts';
import type { Introduction, Owner } from '../election/lobby.ts';
import type { StorageFailure } from '../storage/storage-error.ts';

/** What a page tells its own worker. */
export type ToWorker =
  | {
      readonly type: 'start';
      readonly name: string;
      readonly tab: string;
      readonly release: Release;
      readonly entities: string;
      /** Nothing is to be stored: the database ends with the tab. */
      readonly isInMemory: boolean;
      /** Nobody else reaches the owner: the database is in memory, or there are no Web Locks. */
      readonly isAlone: boolean;
      /** The page compiles the wasm file and sends it in a message of its own. */
      readonly sendsWasm: boolean;
      readonly isVisible: boolean;
    }
  | { readonly type: 'wasm'; readonly module: WebAssembly.Module | undefined }
  /** The page's own line to the owner; a port comes with it. */
  | { readonly type: 'attach'; readonly introduction: Introduction }
  | { readonly type: 'visibility'; readonly isVisible: boolean }
  | { readonly type: 'stop' };

/** What a worker tells its page. Everything else goes through the lobby, since it concerns every tab. */
export type FromWorker =
  /** The script runs. */
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly failure: StorageFailure }
  | { readonly type: 'refused'; readonly failure: StorageFailure }
  | ({ readonly type: 'owns' } & Owner)
  | { readonly type: 'stopped' };

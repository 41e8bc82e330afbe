import type { Release } from '../../rpc/protocol/messages.ts';
import type { Introduction } from '../election/lobby.ts';
import type { StorageFailure } from '../storage/storage-error.ts';
import type { StorageMode } from '../../model/storage-status.ts';

/** What a page tells its own worker. */
export type ToWorker =
  | {
      readonly type: 'start';
      readonly name: string;
      readonly tab: string;
      readonly release: Release;
      readonly entities: string;
      readonly mode: StorageMode;
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
  | { readonly type: 'owns'; readonly owner: string; readonly release: Release }
  | { readonly type: 'stopped' };

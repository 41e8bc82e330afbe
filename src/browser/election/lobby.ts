import type { Release } from '../../rpc/protocol/messages.ts';
import type { DatabaseNames } from '../storage/database-name.ts';
import type { StorageFailure } from '../storage/storage-error.ts';
import type { StorageMode } from '../../model/storage-status.ts';

/** A worker that has the file. */
export interface Owner {
  /** New for each time that somebody becomes owner. */
  readonly owner: string;
  /** The tab whose worker it is. */
  readonly tab: string;
  /** The newest that has migrated the file, or its own. */
  readonly release: Release;
  /** Where the data lies. An owner of an older release, which knows files alone, does not say. */
  readonly mode?: StorageMode | undefined;
  /** Why the mode is not `opfs`. */
  readonly reason?: string | undefined;
}

/** How a tab introduces itself to the owner. */
export interface Introduction {
  readonly tab: string;
  /** Names the line for this attachment. */
  readonly attachment: string;
  readonly release: Release;
  /** Names of the app's tables. */
  readonly entities: string;
}

/** What is moved as a whole: the database as a file, in one direction or the other. */
export type TransferKind = 'export' | 'import';

/** What tabs and the owner tell each other to find each other. All tabs of one database hear all of it. */
export type LobbyMessage =
  | { readonly type: 'whoOwns' }
  | ({ readonly type: 'owner' } & Owner)
  /** Somebody has the lock and opens the file. */
  | { readonly type: 'opening'; readonly tab: string }
  | { readonly type: 'attach'; readonly owner: string; readonly introduction: Introduction }
  | { readonly type: 'attached'; readonly attachment: string }
  | { readonly type: 'refused'; readonly attachment: string; readonly failure: StorageFailure }
  /** The owner leaves; where `heir` is named, others let it pass. */
  | { readonly type: 'leaving'; readonly owner: string; readonly heir?: string }
  | { readonly type: 'whoIsVisible'; readonly owner: string }
  | { readonly type: 'visible'; readonly tab: string }
  | { readonly type: 'transfer'; readonly owner: string; readonly id: string; readonly kind: TransferKind }
  /** The file was replaced by an import: everything may have changed. */
  | { readonly type: 'replaced' }
  | { readonly type: 'damaged'; readonly damage: string }
  | SyncingMessage;

/** What tabs tell each other about who syncs. */
export type SyncingMessage =
  | { readonly type: 'whoSyncs' }
  /** The engine of a tab begins a run, or has ended it. */
  | { readonly type: 'syncing'; readonly tab: string; readonly syncs: boolean };

interface Envelope {
  readonly synchart: 'lobby';
  readonly message: LobbyMessage;
}

const isEnvelope = (data: unknown): data is Envelope =>
  typeof data === 'object' && data !== null && 'synchart' in data && data.synchart === 'lobby' && 'message' in data;

export interface Lobby {
  tell(message: LobbyMessage): void;
  close(): void;
}

/** Joins the lobby of a database. Nothing is heard or said after `close`. */
export function enterLobby({ lobby }: DatabaseNames, hear: (message: LobbyMessage) => void): Lobby {
  const channel = new BroadcastChannel(lobby);
  let isClosed = false;
  channel.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    if (!isClosed && isEnvelope(data)) hear(data.message);
  });
  return {
    tell: (message) => {
      if (!isClosed) channel.postMessage({ synchart: 'lobby', message } satisfies Envelope);
    },
    close: () => {
      isClosed = true;
      channel.close();
    },
  };
}

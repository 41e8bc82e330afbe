import { randomId } from '../../model/platform/random-id.ts';
import { BrowserStorageError, fromStorageFailure, type StorageFailure } from '../storage/storage-error.ts';
import type { Tab } from './tab.ts';

interface TransferMessage {
  readonly waiting?: true;
  readonly bytes?: Uint8Array;
  readonly imported?: true;
  readonly failure?: StorageFailure;
}

/** A file of 1 GB takes some seconds; a transaction that stays open blocks both. */
const transferTimeoutMs = 60_000;

function transfer(tab: Tab, bytes: Uint8Array | undefined): Promise<TransferMessage> {
  const owner = tab.ownerId;
  if (owner === undefined) {
    return Promise.reject(
      new BrowserStorageError('noAnswer', 'No tab has the database open at this moment; try again in a second'),
    );
  }
  const id = randomId();
  const channel = new BroadcastChannel(tab.names.transfer(id));
  return new Promise<TransferMessage>((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(
        new BrowserStorageError(
          'noAnswer',
          `The tab that has the database did not answer within ${transferTimeoutMs} ms; a transaction may be open all the time`,
        ),
      );
    }, transferTimeoutMs);
    channel.addEventListener('message', ({ data }: MessageEvent<TransferMessage>) => {
      if (data.waiting === true) {
        channel.postMessage({ bytes });
        return;
      }
      clearTimeout(timer);
      if (data.failure === undefined) resolve(data);
      else reject(fromStorageFailure(data.failure));
    });
    tab.tellLobby({ type: 'transfer', owner, id, kind: bytes === undefined ? 'export' : 'import' });
  }).finally(() => channel.close());
}

/** Reads the whole database as one file. */
export async function exportThrough(tab: Tab): Promise<Uint8Array> {
  const { bytes } = await transfer(tab, undefined);
  return bytes ?? new Uint8Array();
}

/** Replaces the whole database. */
export async function importThrough(tab: Tab, bytes: Uint8Array): Promise<void> {
  await transfer(tab, bytes);
}

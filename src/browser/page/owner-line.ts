import type { StorageStatus } from '../../model/storage-status.ts';
import { randomId } from '../../model/platform/random-id.ts';
import type { Release } from '../../rpc/protocol/messages.ts';
import type { RpcPort } from '../../rpc/protocol/port.ts';
import { lacksMigrations } from '../../rpc/protocol/release.ts';
import type { Introduction, LobbyMessage, Owner } from '../election/lobby.ts';
import type { DatabaseNames } from '../storage/database-name.ts';
import { isPageVisible } from './page-life.ts';

interface OwnerLineParts {
  /** The tab that speaks through this line. */
  readonly tab: string;
  readonly names: DatabaseNames;
  readonly release: Release;
  readonly entities: string;
  tellLobby(message: LobbyMessage): void;
  /** Gives the tab's own worker its end of a line. */
  tellOwnWorker(introduction: Introduction, port: MessagePort): void;
  /** A new way to the owner; the one before is dead. */
  onAttached(
    role: Extract<StorageStatus['role'], 'owner' | 'follower' | 'outdated'>,
    ownerTab: string,
    port: RpcPort,
  ): void;
  onDetached(): void;
  /** Where the new owner keeps the data. */
  onStorage(storage: Pick<Owner, 'mode' | 'reason'>): void;
}

/** The way of one tab to the owner of the file: finds the owner, introduces the tab, and changes over to the next. */
export class OwnerLine {
  readonly #parts: OwnerLineParts;
  /** The owner that the tab speaks with, or tries to. */
  #owner: string | undefined;
  /** The owner that has answered. */
  #attachedTo: string | undefined;
  #attachment: string | undefined;
  /** The tab whose worker that owner is. */
  #ownerTab = '';
  #isAttached = false;
  /** The owner's file, or the owner itself, is of a newer release. */
  #isOutdated = false;
  #port: BroadcastChannel | MessagePort | undefined;

  constructor(parts: OwnerLineParts) {
    this.#parts = parts;
  }

  get isAttached(): boolean {
    return this.#isAttached;
  }

  /** The owner that the tab is attached to. */
  get attachedTo(): string | undefined {
    return this.#attachedTo;
  }

  /** Whether an answer of an owner is meant for this line. */
  isMine(attachment: string): boolean {
    return attachment === this.#attachment;
  }

  /** The tab's own worker has the file. */
  attachOwn(owner: Owner): void {
    const attachment = this.#changeOver(owner);
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#parts.tellOwnWorker(this.#introduction(attachment), port2);
    this.#attached('owner', this.#parts.tab);
  }

  hear(message: LobbyMessage): void {
    const { tab } = this.#parts;
    switch (message.type) {
      case 'owner':
        // Its own worker tells by itself.
        if (message.tab !== tab) this.#attachOther(message);
        return;
      case 'opening':
        // Its own worker tells of the end by itself, and may be faster.
        if (message.tab !== tab) this.#detached();
        return;
      case 'leaving':
        if (message.owner === this.#owner) this.#detached();
        return;
      case 'attached':
        if (this.isMine(message.attachment) && !this.#isAttached) this.#attached('follower', this.#ownerTab);
        return;
      case 'whoIsVisible':
        if (isPageVisible() && message.owner === this.#owner && this.#isAttached)
          this.#parts.tellLobby({ type: 'visible', tab });
        return;
      default:
    }
  }

  close(): void {
    this.#port?.close();
  }

  #attachOther(owner: Owner): void {
    if (owner.owner === this.#owner) {
      // A message to an owner that was still opening is lost, so the tab introduces itself until it is answered.
      if (!this.#isAttached && this.#attachment !== undefined) this.#introduce(owner.owner, this.#attachment);
      return;
    }
    const attachment = this.#changeOver(owner);
    this.#ownerTab = owner.tab;
    this.#port = new BroadcastChannel(this.#parts.names.line(attachment));
    this.#introduce(owner.owner, attachment);
  }

  /** Leaves the owner before; returns the name of the new attachment. */
  #changeOver({ owner, release, mode, reason }: Owner): string {
    const attachment = randomId();
    this.#parts.onStorage({ mode, reason });
    this.#isOutdated = lacksMigrations(this.#parts.release, release);
    this.#port?.close();
    this.#owner = owner;
    this.#attachment = attachment;
    this.#isAttached = false;
    return attachment;
  }

  #introduce(owner: string, attachment: string): void {
    this.#parts.tellLobby({ type: 'attach', owner, introduction: this.#introduction(attachment) });
  }

  #introduction(attachment: string): Introduction {
    const { tab, release, entities } = this.#parts;
    return { tab, attachment, release, entities };
  }

  #attached(role: 'owner' | 'follower', ownerTab: string): void {
    if (this.#port === undefined) return;
    this.#isAttached = true;
    this.#attachedTo = this.#owner;
    this.#parts.onAttached(this.#isOutdated ? 'outdated' : role, ownerTab, this.#port);
  }

  #detached(): void {
    this.#owner = undefined;
    this.#isAttached = false;
    this.#attachedTo = undefined;
    this.#parts.onDetached();
  }
}

import type { Clock } from '../../model/platform/clock.ts';
import { configOptions } from '../../model/config.ts';
import { AppOutdatedError, ProtocolError } from '../../model/errors/errors.ts';
import { aClock, aFunction, aText, objectWith } from '../../model/options/bounds.ts';
import { checkOptions, completeOptions, ownedBy } from '../../model/options/complete-options.ts';
import { byDefault, optional, required, type Completed, type OptionList } from '../../model/options/option-list.ts';
import { randomId } from '../../model/platform/random-id.ts';
import { systemClock } from '../../model/platform/system-clock.ts';
import type { Writes } from '../../persistence/sql/written-tables.ts';
import {
  protocolVersion,
  type AppliedWrite,
  type CallMessage,
  type HelloMessage,
  type HostMessage,
  type Release,
  type Unsent,
  type WireWrites,
} from '../protocol/messages.ts';
import { parseClientMessage } from '../protocol/parse-message.ts';
import { listenTo, type RpcPort } from '../protocol/port.ts';
import { isNewer, lacksMigrations, releaseOf } from '../protocol/release.ts';
import { toWireError } from '../protocol/wire-error.ts';
import { ClientSession } from './client-session.ts';
import { outdated, type HostState, type StatementOwner } from './client-statements.ts';
import { CommitMarks } from './commit-marks.ts';
import type { HostConnection } from './host-connection.ts';
import { Turns } from './turns.ts';

export interface ServeOptions {
  /** The raw SQLite connection that the host serves; from now on it is the host's. */
  readonly connection: HostConnection;
  /** Measures the waits. @defaultValue the platform's */
  readonly clock?: Clock;
  /**
   * While others wait, an open transaction is rolled back once it has executed no statement for this long.
   *
   * @defaultValue 5,000 (5 seconds)
   */
  readonly gateTimeoutMs?: number;
  /** Called for a client whose migrations or protocol are newer than any the host has seen, so that it can hand over. */
  readonly onNewerClient?: (release: Release) => void;
}

/** Defaults and bounds of {@link ServeOptions}. */
export const serveOptions = {
  connection: required(objectWith('a connection to SQLite', 'execute', 'isInTransaction', 'close')),
  clock: byDefault(systemClock, aClock),
  gateTimeoutMs: configOptions.gateTimeoutMs,
  onNewerClient: optional(aFunction),
} satisfies OptionList<ServeOptions>;

export interface ConnectOptions {
  /** The only client that may use this port. @defaultValue the first one that greets */
  readonly clientId?: string;
  /** Settles when the client is gone; its transaction is then rolled back. For ports that do not report their end. */
  readonly gone?: Promise<unknown>;
}

/** Bounds of {@link ConnectOptions}. */
export const connectOptions = {
  clientId: optional(aText),
  gone: optional(objectWith('a promise', 'then')),
} satisfies OptionList<ConnectOptions>;

/** Serves one SQLite connection to many clients. */
export interface DatabaseHost {
  readonly hostId: string;
  /** How many clients wait for their turn now. */
  readonly waiting: number;
  /** Listens to a port; returns the function that takes the client for gone. */
  connect(port: RpcPort, options?: ConnectOptions): () => void;
  /**
   * Ends open transactions in order, at most `graceMs` (default 1,000), and answers nothing else: clients wait for the
   * next host. Resolves when the connection is free; it is the caller's to close.
   */
  handOver(options?: { readonly graceMs?: number }): Promise<void>;
  /** Rolls back what is open and closes the connection. */
  close(): Promise<void>;
}

/** A port and the client that speaks through it. */
interface Link {
  readonly port: RpcPort;
  readonly options: ConnectOptions;
  session: ClientSession | undefined;
  stop(): void;
}

export const serveDatabase = (options: ServeOptions): DatabaseHost =>
  new Host(completeOptions<ServeOptions, typeof serveOptions>(ownedBy('serveDatabase'), serveOptions, options));

type ServeSettings = Completed<ServeOptions, typeof serveOptions>;

class Host implements DatabaseHost, HostState {
  readonly hostId = randomId();
  readonly connection: HostConnection;
  readonly clock: Clock;
  readonly turns: Turns;
  readonly marks: CommitMarks;
  readonly gateTimeoutMs: number;
  fileRelease: Pick<Release, 'sync' | 'app'> = { sync: 0, app: 0 };
  foreignKeys = false;
  isLeaving = false;
  readonly #options: ServeSettings;
  readonly #links = new Set<Link>();
  readonly #sessions = new Map<string, ClientSession>();
  #prepared: Promise<void> | undefined;
  #newest: Release | undefined;

  constructor(options: ServeSettings) {
    this.#options = options;
    this.connection = options.connection;
    this.clock = options.clock;
    this.gateTimeoutMs = options.gateTimeoutMs;
    this.turns = new Turns(this.clock, this.gateTimeoutMs);
    this.marks = new CommitMarks(this.connection);
  }

  get waiting(): number {
    return this.turns.waiting;
  }

  connect(port: RpcPort, options: ConnectOptions = {}): () => void {
    checkOptions(ownedBy('connect'), connectOptions, options);
    const link: Link = { port, options, session: undefined, stop: () => undefined };
    const disconnect = (): void => this.#disconnect(link);
    link.stop = listenTo(port, (data) => this.#receive(link, data), disconnect);
    this.#links.add(link);
    options.gone?.then(disconnect, disconnect);
    // Whoever spoke through this port with another host begins anew.
    this.#post(link, { type: 'unknown' });
    return disconnect;
  }

  async handOver({ graceMs = 1_000 }: { readonly graceMs?: number } = {}): Promise<void> {
    this.isLeaving = true;
    for (const link of this.#links) this.#post(link, { type: 'leaving' });
    const sessions = [...this.#sessions.values()];
    for (const session of sessions) if (!session.hasTransaction) this.turns.callOff(session);
    const timer = this.clock.setTimeout(() => {
      for (const session of sessions) session.lose('the host hands over to another one');
    }, graceMs);
    await this.turns.free();
    this.clock.clearTimeout(timer);
    await Promise.all(sessions.map((session) => session.finished()));
  }

  async close(): Promise<void> {
    await this.handOver({ graceMs: 0 });
    for (const link of [...this.#links]) this.#disconnect(link);
    await this.connection.close();
  }

  async committed(by: StatementOwner, writes: Writes): Promise<void> {
    if (writes.isAll) this.marks.doubt();
    if (writes.isAll || writes.tables.has('migrations')) await this.#readRelease();
    if (writes.isEmpty) return;
    const news: WireWrites = {
      tables: [...writes.tables],
      removed: [...writes.removed],
      updated: [...writes.updated],
      enqueued: writes.enqueued,
      isAll: writes.isAll,
    };
    for (const link of this.#links)
      if (link.session !== undefined && link.session !== by)
        this.#post(link, { type: 'committed', by: by.clientId, writes: news });
  }

  // ── Messages ────────────────────────────────────────────────────────────────────────────────────────────────────

  #receive(link: Link, data: unknown): void {
    const message = parseClientMessage(data);
    switch (message?.type) {
      case undefined:
        return;
      case 'hello':
        void this.#welcome(link, message);
        return;
      case 'call':
        this.#call(link, message);
        return;
      case 'ping':
        this.#post(link, { type: link.session === undefined ? (this.isLeaving ? 'leaving' : 'unknown') : 'pong' });
        return;
      case 'bye':
        this.#leave(link);
        return;
      case 'misunderstood': {
        const error = new ProtocolError('the host does not understand this message; nothing was done');
        if (message.id !== undefined && link.session !== undefined) link.session.refuse(message.id, error);
        else this.#post(link, { type: 'rejected', error: toWireError(error) });
      }
    }
  }

  #call(link: Link, call: CallMessage): void {
    if (link.session === undefined) this.#post(link, { type: this.isLeaving ? 'leaving' : 'unknown' });
    else if (this.isLeaving && !link.session.hasTransaction) this.#post(link, { type: 'leaving' });
    else link.session.receive(call);
  }

  async #welcome(link: Link, hello: HelloMessage): Promise<void> {
    const { attempt, clientId, release } = hello;
    let applied: readonly AppliedWrite[] = [];
    try {
      if (this.isLeaving) return this.#post(link, { type: 'leaving' });
      this.#checkClient(link, clientId);
      await (this.#prepared ??= this.#prepare());
      // What a session of this client still carries out is stored, or not, before its fate is told.
      const former = this.#sessions.get(clientId);
      if (former?.isGone === true) await former.finished();
      applied = await this.marks.applied(clientId, hello.unanswered);
      if (this.#isNews(release)) this.#options.onNewerClient?.(release);
      if (release.protocol > protocolVersion) return this.#post(link, { type: 'leaving' });
      if (release.protocol < protocolVersion || lacksMigrations(release, this.fileRelease)) throw outdated();
      if (this.isLeaving) return this.#post(link, { type: 'leaving' });
      this.#seat(link, clientId, release);
      this.#post(link, { type: 'welcome', attempt, hostId: this.hostId, protocol: protocolVersion, applied });
    } catch (error) {
      // A file that could not be read now may be readable later.
      if (!(error instanceof AppOutdatedError)) this.#prepared = undefined;
      this.#post(link, { type: 'refused', attempt, error: toWireError(error), applied });
    }
  }

  #checkClient(link: Link, clientId: string): void {
    const expected = link.options.clientId ?? link.session?.clientId ?? clientId;
    if (clientId !== expected)
      throw new ProtocolError(`this port belongs to the client ${expected}; ${clientId} needs a port of its own`);
  }

  #isNews(release: Release): boolean {
    const isNews = isNewer(release, this.#newest ?? { ...this.fileRelease, protocol: protocolVersion });
    if (isNews) this.#newest = release;
    return isNews;
  }

  #seat(link: Link, clientId: string, release: Release): void {
    const send = (message: Unsent<HostMessage>): void => this.#post(link, message);
    const known = this.#sessions.get(clientId);
    if (known === undefined || known.isGone) {
      link.session = new ClientSession(this, clientId, release, send);
      this.#sessions.set(clientId, link.session);
      return;
    }
    // It came back through another port: its transaction and its calls go on.
    for (const other of this.#links) if (other !== link && other.session === known) other.session = undefined;
    known.send = send;
    known.release = release;
    link.session = known;
  }

  #post(link: Link, message: Unsent<HostMessage>): void {
    try {
      link.port.postMessage({ synchart: 'rpc', ...message });
    } catch (error) {
      // A value that cannot be cloned. A port that is closed swallows messages without a word.
      if (message.type === 'answer' && message.error === undefined) {
        const { id, open } = message;
        this.#post(link, { type: 'answer', id, open, error: toWireError(error) });
      }
    }
  }

  // ── Clients that go ─────────────────────────────────────────────────────────────────────────────────────────────

  #disconnect(link: Link): void {
    if (!this.#links.delete(link)) return;
    link.stop();
    this.#leave(link);
  }

  #leave(link: Link): void {
    const { session } = link;
    link.session = undefined;
    if (session === undefined) return;
    void session.leave().then(() => {
      if (this.#sessions.get(session.clientId) === session) this.#sessions.delete(session.clientId);
    });
  }

  // ── The file ────────────────────────────────────────────────────────────────────────────────────────────────────

  async #prepare(): Promise<void> {
    await this.connection.execute('PRAGMA foreign_keys = ON', []);
    this.foreignKeys = true;
    await this.#readRelease();
  }

  async #readRelease(): Promise<void> {
    const table = `SELECT 1 AS "found" FROM sqlite_master WHERE "type" = 'table' AND "name" = 'migrations'`;
    const { rows: tables } = await this.connection.execute(table, []);
    if (tables.length === 0) {
      this.fileRelease = { sync: 0, app: 0 };
      return;
    }
    const { rows } = await this.connection.execute('SELECT "name" FROM "migrations"', []);
    this.fileRelease = releaseOf((rows as readonly { readonly name: unknown }[]).map(({ name }) => String(name)));
  }
}

import { parsePanelMessage } from '../protocol/parse-message.ts';
import { protocolVersion, type DevtoolsChannel, type PanelMessage } from '../protocol/messages.ts';
import type { LogEntry } from '../protocol/log-entry.ts';
import type { DevtoolsAgent } from './devtools-agent.ts';
import { whileNeeded } from './recording/while-needed.ts';

/** Between two messages of news to panels, ms: often enough to look live, seldom enough to cost nothing. */
const newsEveryMs = 100;
/** Where nobody looks at more than the status. */
const quietNewsEveryMs = 250;
/** Most entries in one message; the rest follows in the next. */
const entriesAtOnce = 2_000;
/** How much of the log a new panel gets. */
const entriesAtFirst = 10_000;

/**
 * Answers the messages of panels, and tells them what is new. A message that cannot be read is answered or ignored,
 * never obeyed in part.
 */
export function serveChannel(agent: DevtoolsAgent, channel: DevtoolsChannel): () => void {
  const panels = new Set<string>();
  /** Those that want the log. A closed panel wants the status only, and the log costs nothing then. */
  const followers = new Set<string>();
  let sentId = 0;
  let isViewStale = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stopLog: (() => void) | undefined;

  const news = (): void => {
    timer = undefined;
    if (panels.size === 0) return;
    const entries = followers.size === 0 ? [] : nextEntries();
    if (entries.length > 0) channel.post({ type: 'entries', entries });
    if (isViewStale) channel.post({ type: 'view', view: agent.view() });
    isViewStale = false;
    if (entries.length === entriesAtOnce) soon();
  };
  const nextEntries = (): readonly LogEntry[] => {
    const entries = agent.log.read({ afterId: sentId, limit: entriesAtOnce, from: 'oldest' });
    sentId = entries.at(-1)?.id ?? sentId;
    return entries;
  };
  const soon = (): void => {
    if (panels.size > 0) timer ??= setTimeout(news, followers.size === 0 ? quietNewsEveryMs : newsEveryMs);
  };
  const watchView = whileNeeded(() =>
    agent.subscribe(() => {
      isViewStale = true;
      soon();
    }),
  );
  /**
   * Tells what is logged from the newest entry that the panel has, at most {@link entriesAtFirst}; the others may get
   * some of it again.
   */
  const follow = (panelId: string, since: number): void => {
    const from = Math.max(since, agent.log.lastId - entriesAtFirst);
    sentId = followers.size === 0 ? from : Math.min(sentId, from);
    followers.add(panelId);
    stopLog ??= agent.log.subscribe(soon);
    if (sentId < agent.log.lastId) soon();
  };
  const unfollow = (panelId: string): void => {
    followers.delete(panelId);
    if (followers.size > 0) return;
    stopLog?.();
    stopLog = undefined;
  };

  const answer = (id: number, work: Promise<unknown>): void => {
    work.then(
      (value) => channel.post({ type: 'answer', id, ok: true, value: value as never }),
      (error: unknown) =>
        channel.post({ type: 'answer', id, ok: false, error: error instanceof Error ? error.message : String(error) }),
    );
  };

  const receive = (message: PanelMessage): void => {
    switch (message.type) {
      case 'hello': {
        const { panelId, protocol } = message;
        if (protocol !== protocolVersion) {
          const reason = `this engine speaks version ${protocolVersion} of the devtools protocol, the panel version ${protocol}: use the same release of synchart on both ends`;
          channel.post({ type: 'refused', protocol: protocolVersion, panelId, reason });
          return;
        }
        panels.add(panelId);
        watchView(true);
        if (message.quiet !== true) follow(panelId, message.since ?? 0);
        // In parts, so that the engine is not held up: what follows the first comes with the news.
        const entries = message.quiet === true ? [] : nextEntries();
        channel.post({
          type: 'welcome',
          protocol: protocolVersion,
          panelId,
          engine: agent.description,
          view: agent.view(),
          entries,
        });
        return;
      }
      case 'command':
        return answer(message.id, agent.run(message.command));
      case 'query':
        return answer(message.id, agent.ask(message.query, message.input));
      case 'follow':
        if (panels.has(message.panelId)) follow(message.panelId, message.since);
        return;
      case 'unfollow':
        return unfollow(message.panelId);
      case 'goodbye':
        unfollow(message.panelId);
        panels.delete(message.panelId);
        watchView(panels.size > 0);
        return;
    }
  };

  const stopChannel = channel.subscribe((raw) => {
    const parsed = parsePanelMessage(raw);
    if (parsed.ok) receive(parsed.message);
    else if (parsed.id !== undefined)
      channel.post({ type: 'answer', id: parsed.id, ok: false, error: parsed.complaint });
  });

  return () => {
    stopLog?.();
    watchView(false);
    stopChannel();
    if (timer !== undefined) clearTimeout(timer);
    // The last that is known, such as that the engine stopped.
    do news();
    while (followers.size > 0 && sentId < agent.log.lastId);
    if (panels.size > 0) channel.post({ type: 'gone' });
    panels.clear();
    if (timer !== undefined) clearTimeout(timer);
    timer = undefined;
  };
}

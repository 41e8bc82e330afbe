import { parsePanelMessage } from '../protocol/parse-message.ts';
import { protocolVersion, type DevtoolsChannel, type PanelMessage } from '../protocol/messages.ts';
import type { DevtoolsAgent } from './devtools-agent.ts';

/** Between two messages of news to panels, ms: often enough to look live, seldom enough to cost nothing. */
const newsEveryMs = 100;
/** Most entries in one message; the rest follows in the next. */
const entriesAtOnce = 2_000;
/** How much of the log a new panel gets. */
const entriesAtFirst = 10_000;

/** Answers the messages of panels, and tells them what is new. A message that cannot be read is answered or ignored, never obeyed in part. */
export function serveChannel(agent: DevtoolsAgent, channel: DevtoolsChannel): () => void {
  const panels = new Set<string>();
  let sentId = 0;
  let isViewStale = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const news = (): void => {
    timer = undefined;
    if (panels.size === 0) return;
    const entries = agent.log.read({ afterId: sentId });
    const part = entries.slice(0, entriesAtOnce);
    const last = part.at(-1);
    if (last !== undefined) {
      sentId = last.id;
      channel.post({ type: 'entries', entries: part });
    }
    if (isViewStale) channel.post({ type: 'view', view: agent.view() });
    isViewStale = false;
    if (entries.length > part.length) soon();
  };
  const soon = (): void => {
    if (panels.size > 0) timer ??= setTimeout(news, newsEveryMs);
  };
  const stopLog = agent.log.subscribe(soon);
  const stopView = agent.subscribe(() => {
    isViewStale = true;
    soon();
  });

  const answer = (id: number, work: Promise<unknown>): void => {
    work.then(
      (value) => channel.post({ type: 'answer', id, ok: true, value: value as never }),
      (error: unknown) => channel.post({ type: 'answer', id, ok: false, error: error instanceof Error ? error.message : String(error) }),
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
        const entries = agent.log.read({ afterId: message.since, limit: entriesAtFirst });
        sentId = Math.max(sentId, agent.log.lastId);
        channel.post({ type: 'welcome', protocol: protocolVersion, panelId, engine: agent.description, view: agent.view(), entries });
        return;
      }
      case 'command':
        return answer(message.id, agent.run(message.command));
      case 'query':
        return answer(message.id, agent.ask(message.query, message.input));
      case 'goodbye':
        panels.delete(message.panelId);
        return;
    }
  };

  const stopChannel = channel.subscribe((raw) => {
    const parsed = parsePanelMessage(raw);
    if (parsed.ok) receive(parsed.message);
    else if (parsed.id !== undefined) channel.post({ type: 'answer', id: parsed.id, ok: false, error: parsed.complaint });
  });

  return () => {
    stopLog();
    stopView();
    stopChannel();
    if (timer !== undefined) clearTimeout(timer);
    // The last that is known, such as that the engine stopped.
    news();
    if (panels.size > 0) channel.post({ type: 'gone' });
    panels.clear();
    if (timer !== undefined) clearTimeout(timer);
    timer = undefined;
  };
}

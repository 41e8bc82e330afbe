import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseEngineMessage, parsePanelMessage } from '../../src/devtools/protocol/parse-message.ts';
import { protocolVersion, type DevtoolsCommand, type PanelMessage } from '../../src/devtools/protocol/messages.ts';

const commands: readonly DevtoolsCommand[] = [
  { type: 'sync' },
  { type: 'sync', kinds: ['todos'] },
  { type: 'fullResync' },
  { type: 'pause' },
  { type: 'resume' },
  { type: 'signedIn' },
  { type: 'retry' },
  { type: 'retry', opIds: ['a'] },
  { type: 'drop', opIds: ['a'] },
  { type: 'amend', opId: 'a', patch: { title: 'x', tags: ['a', null] } },
  { type: 'undoDiscard', opId: 'a' },
  { type: 'resolveConflict', opId: 'a', resolution: { type: 'acceptServer' } },
  {
    type: 'resolveConflict',
    opId: 'a',
    resolution: { type: 'acceptMerged', data: { id: 'a' }, mergeInfo: { localFields: ['x'], serverFields: [] } },
  },
  {
    type: 'setFaults',
    faults: { offline: true, latencyMs: 100, errorRate: 0.5, errorType: 'throttled', cutReplies: 1, clockSkewMs: -5 },
  },
  { type: 'record', on: false },
  { type: 'clearLog' },
];

test('every panel message arrives unchanged', () => {
  const messages: PanelMessage[] = [
    { type: 'hello', protocol: protocolVersion, panelId: 'p', since: 4 },
    { type: 'goodbye', panelId: 'p' },
    { type: 'query', id: 1, query: 'operations', input: { states: ['parked'], limit: 10, text: 'a' } },
    { type: 'query', id: 2, query: 'rows', input: { kind: 'todos', only: 'pending' } },
    ...commands.map((command, id): PanelMessage => ({ type: 'command', id, command })),
  ];
  for (const message of messages)
    expect(parsePanelMessage(JSON.parse(JSON.stringify(message)))).toEqual({ ok: true, message });
});

test('I13: never obeys a message outside the protocol, and tells its sender which field is wrong', () => {
  expect(parsePanelMessage({ type: 'command', id: 7, command: { type: 'drop', opIds: 'all' } })).toMatchObject({
    ok: false,
    id: 7,
  });
  expect(
    parsePanelMessage({ type: 'command', id: 7, command: { type: 'setFaults', faults: { errorRate: 2 } } }),
  ).toMatchObject({
    ok: false,
    id: 7,
    complaint: expect.stringContaining('errorRate') as string,
  });
  expect(parsePanelMessage({ type: 'command', id: 7, command: { type: 'eval', code: '1' } })).toMatchObject({
    ok: false,
    id: 7,
  });
});

test('I13: neither end throws, whatever arrives', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.anything(),
        fc.record({
          type: fc.constantFrom('hello', 'command', 'query', 'welcome', 'entries', 'view', 'answer'),
          id: fc.anything(),
          command: fc.anything(),
        }),
      ),
      (raw) => {
        expect(parsePanelMessage(raw)).toHaveProperty('ok');
        expect(parseEngineMessage(raw)).toHaveProperty('ok');
      },
    ),
  );
});

test('F-112: rejects a cyclic message instead of following it', () => {
  const circle: Record<string, unknown> = {};
  circle['again'] = circle;
  expect(
    parsePanelMessage({ type: 'command', id: 1, command: { type: 'amend', opId: 'o', patch: circle } }),
  ).toMatchObject({ ok: false, id: 1 });
  expect(parseEngineMessage({ type: 'answer', id: 1, ok: true, value: circle })).toMatchObject({ ok: false, id: 1 });
});

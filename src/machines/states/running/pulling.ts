import type { PageReport } from '../../../model/run.ts';
import { noPage } from '../../placeholders.ts';
import { sync } from '../../setup/sync-setup.ts';
import { failed } from '../wiring.ts';

const pageOf = ({ event }: { event: { snapshot: { context: PageReport | undefined } } }): PageReport =>
  event.snapshot.context ?? noPage;

/** Pulls one kind after another, page by page. */
export const pulling = sync.createStateConfig({
  id: 'pulling',
  initial: 'choosingKind',
  entry: [
    { type: 'announcePhase', params: 'pull' },
    { type: 'enterPhase', params: 'pull' },
  ],
  states: {
    choosingKind: {
      always: [
        { guard: 'hasKindToPull', target: 'paging' },
        { guard: 'hasKindToSweep', target: '#fullResync' },
        { target: '#finishing' },
      ],
    },
    paging: {
      // One actor per kind fetches page n+1 while it applies page n. It reports each page after its commit.
      invoke: {
        src: 'pullKind',
        input: ({ context: { run } }) => {
          const kind = run?.toPull[0] ?? '';
          return {
            runId: run?.id ?? 0,
            kind,
            resync: run?.toSweep.includes(kind) ?? false,
            totalDone: run?.pulledOfKind ?? 0,
          };
        },
        onSnapshot: {
          guard: { type: 'isReport', params: pageOf },
          actions: [
            { type: 'countPage', params: pageOf },
            'noteProgress',
            'noteReached',
            { type: 'announceFacts', params: ({ event }) => event.snapshot.context?.facts ?? [] },
          ],
        },
        onDone: { target: 'choosingKind', actions: ['closeKind', 'noteProgress', 'noteReached'] },
        onError: failed,
      },
    },
  },
});

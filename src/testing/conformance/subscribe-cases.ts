import { conformanceClient, fails, same, settlesWithin } from './conformance-client.ts';
import type { ConformanceCase, ConformanceSubject } from './conformance-subject.ts';

/** Notifications of changes on the server. */
export const subscribeCases: readonly ConformanceCase[] = [
  {
    title: 'a change on the server is told to those who subscribed to its kind (PROTOCOL §8)',
    about: 'subscribe',
    needs: ['subscribe'],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      const told = follow(subject, [ask.kind]);
      await poked(subject, told.first);
      told.end();
    },
  },
  {
    title: 'after unsubscribing nothing is told (PROTOCOL §8)',
    about: 'subscribe',
    needs: ['subscribe'],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      const ended = follow(subject, [ask.kind]);
      const other = follow(subject, [ask.kind]);
      await poked(subject, other.first);
      ended.end();
      const before = ended.count();
      const later = follow(subject, [ask.kind]);
      await poked(subject, later.first);
      same(ended.count(), before, 'the number of pokes after the end');
      other.end();
      later.end();
    },
  },
];

function follow({ transport }: ConformanceSubject, kinds: readonly string[]) {
  let count = 0;
  let announce: () => void = () => undefined;
  const first = new Promise<void>((resolve) => {
    announce = resolve;
  });
  const subscription =
    transport.subscribe?.(kinds).subscribe({
      next: () => {
        count += 1;
        announce();
      },
    }) ?? fails("the transport has no subscribe; give it, or name 'subscribe' in 'lacks'");
  return { first, count: () => count, end: () => subscription.unsubscribe() };
}

/** Changes rows until a notification arrives, because a subscription over a network may need a moment. */
async function poked(subject: ConformanceSubject, first: Promise<void>): Promise<void> {
  const ask = conformanceClient(subject);
  let done = false;
  const arrived = first.then(() => {
    done = true;
  });
  const writing = (async () => {
    for (let round = 0; !done && round < 200; round += 1) {
      await ask.write({ ...ask.upsert('poke', String(round)), creates: false });
      await Promise.race([
        arrived,
        new Promise((resolve) => {
          setTimeout(resolve, 25);
        }),
      ]);
    }
  })();
  await settlesWithin(5000, arrived, 'the poke');
  await writing;
}

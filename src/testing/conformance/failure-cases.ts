import { AuthError, NetworkError, ParseError, syncErrorInfo, TransportError } from '../../model/errors/errors.ts';
import { conformanceClient, holds, isOf, rejectionOf, same, settlesWithin, switchOf } from './conformance-client.ts';
import type { ConformanceCase } from './conformance-subject.ts';

const garbage = ['html', 'brokenJson'] as const;

/** Failures, and the single outcome that each must produce. */
export const failureCases: readonly ConformanceCase[] = [
  {
    title: 'F-07: a server that fails is unavailable, and the change may have been sent',
    about: 'failures',
    needs: ['statuses'],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      switchOf(subject, 'failNextRequests')(1, 500);
      const result = await ask.push(ask.upsert('a', 'A'));
      holds(
        result.type === 'pushAmbiguous' || (result.type === 'pushUnavailable' && result.dispatched),
        `it was sent, got ${result.type}`,
      );
    },
  },
  {
    title: 'I2: after a failure behind the effect the same request is answered as the first would have been',
    about: 'failures',
    needs: ['statuses', 'idempotency'],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      const op = ask.upsert('a', 'A');
      switchOf(subject, 'failNextRequests')(1, 500, { afterCommit: true });
      await ask.push(op);
      isOf(await ask.push(op), ['pushSuccess'], 'the same request again');
    },
  },
  {
    title: 'F-85: Retry-After in seconds becomes a wait',
    about: 'failures',
    needs: ['statuses'],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      switchOf(subject, 'failNextRequests')(1, 429, { retryAfter: 7 });
      const result = await ask.push(ask.upsert('a', 'A'));
      isOf(result, ['pushThrottled'], 'a 429');
      same(result.type === 'pushThrottled' ? result.retryAfterMs : undefined, 7000, 'the wait');
    },
  },
  {
    title: 'F-85: Retry-After as a date becomes a wait from now',
    about: 'failures',
    needs: ['statuses'],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      switchOf(subject, 'failNextRequests')(1, 503, { retryAfter: new Date(Date.now() + 60_000).toUTCString() });
      const result = await ask.push(ask.upsert('a', 'A'));
      isOf(result, ['pushThrottled'], 'a 503 with Retry-After');
      const wait = result.type === 'pushThrottled' ? (result.retryAfterMs ?? 0) : 0;
      holds(wait > 50_000 && wait <= 62_000, `a wait of about 60 s, got ${wait} ms`);
    },
  },
  {
    title: 'F-85: a 429 without Retry-After is a wish to wait all the same',
    about: 'failures',
    needs: ['statuses'],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      switchOf(subject, 'failNextRequests')(1, 429);
      isOf(await ask.push(ask.upsert('a', 'A')), ['pushThrottled'], 'a 429');
    },
  },
  {
    title: 'a definite refusal is told from a failure: 422 rejected, 403 forbidden (PROTOCOL §3)',
    about: 'failures',
    needs: ['statuses'],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      const fail = switchOf(subject, 'failNextRequests');
      // A batch that is refused as a whole is sent again in parts.
      const count = subject.transport.capabilities.batch === true ? 2 : 1;
      for (const status of [400, 422]) {
        fail(count, status);
        isOf(await ask.push(ask.upsert('a', 'A')), ['pushRejected'], `a ${status}`);
      }
      fail(count, 403);
      isOf(await ask.push(ask.upsert('a', 'A')), ['pushForbidden'], 'a 403');
    },
  },
  {
    title: 'a 408 is no refusal: the request is to be sent again (PROTOCOL §3)',
    about: 'failures',
    needs: ['statuses'],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      switchOf(subject, 'failNextRequests')(1, 408);
      isOf(await ask.push(ask.upsert('a', 'A')), ['pushUnavailable', 'pushAmbiguous'], 'a 408');
    },
  },
  {
    title: 'a pull that fails rejects with an error that says whether to try again, and how long to wait (F-82, F-85)',
    about: 'failures',
    needs: ['statuses'],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      const fail = switchOf(subject, 'failNextRequests');
      fail(1, 500);
      same(syncErrorInfo(await rejectionOf(ask.pull(), 'the pull')).retryable, true, 'a 500 is worth another try');
      fail(1, 400);
      same(syncErrorInfo(await rejectionOf(ask.pull(), 'the pull')).retryable, false, 'a 400 is worth another try');
      fail(1, 429, { retryAfter: 3 });
      const throttled = await rejectionOf(ask.pull(), 'the pull');
      same(throttled instanceof TransportError ? throttled.retryAfterMs : undefined, 3000, 'the wait');
    },
  },
  {
    title: 'a fetch that fails says so and never rejects; it is not "no row" (F-22)',
    about: 'failures',
    needs: ['statuses'],
    run: async (subject) => {
      const { kind } = conformanceClient(subject);
      switchOf(subject, 'failNextRequests')(1, 500);
      same((await subject.transport.fetch({ kind, id: 'none' })).type, 'fetchError', 'the fetch');
    },
  },
  {
    title: 'health is false where the server fails (PROTOCOL §5)',
    about: 'failures',
    needs: ['statuses'],
    run: async (subject) => {
      switchOf(subject, 'failNextRequests')(1, 500);
      same(await subject.transport.health({}), false, 'health');
    },
  },
  {
    title: 'I2: a connection cut before the effect is ambiguous; the same request again is the one effect',
    about: 'failures',
    needs: ['cuts'],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      const op = ask.upsert('a', 'A');
      switchOf(subject, 'cutNextRequests')(1, 'beforeCommit');
      isOf(await ask.push(op), ['pushAmbiguous'], 'the cut request');
      isOf(await ask.push(op), ['pushSuccess'], 'the same request again');
      same((await ask.pullAll()).length, 1, 'the number of rows');
    },
  },
  {
    title: 'I2: a connection cut after the effect is ambiguous; the same request again is no second effect',
    about: 'failures',
    needs: ['cuts', 'idempotency'],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      const op = ask.upsert('a', 'A');
      switchOf(subject, 'cutNextRequests')(1, 'afterCommit');
      isOf(await ask.push(op), ['pushAmbiguous'], 'the cut request');
      const stored = String((await ask.pullAll())[0]?.['updatedAt'] ?? (await ask.pullAll())[0]?.['updated_at']);
      const again = await ask.write(op);
      same(String(again['updatedAt'] ?? again['updated_at']), stored, 'the version in the answer');
    },
  },
  {
    title: 'a pull whose connection is cut rejects with NetworkError (F-82)',
    about: 'failures',
    needs: ['cuts'],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      switchOf(subject, 'cutNextRequests')(1, 'beforeCommit');
      holds((await rejectionOf(ask.pull(), 'the pull')) instanceof NetworkError, 'a NetworkError');
    },
  },
  {
    title: 'F-06: a request without answer ends by itself and is ambiguous',
    about: 'failures',
    needs: ['hangs'],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      switchOf(subject, 'hangNextRequests')(1);
      isOf(
        await settlesWithin(5000, ask.push(ask.upsert('a', 'A')), 'the push'),
        ['pushAmbiguous'],
        'the hung request',
      );
    },
  },
  {
    title: 'F-06: a pull without answer ends by itself',
    about: 'failures',
    needs: ['hangs'],
    run: async (subject) => {
      switchOf(subject, 'hangNextRequests')(1);
      const error = await settlesWithin(5000, rejectionOf(conformanceClient(subject).pull(), 'the pull'), 'the pull');
      same(syncErrorInfo(error).retryable, true, 'a timeout is worth another try');
    },
  },
  {
    title: "F-23: an answer that is not the API's is malformed, never a success",
    about: 'failures',
    needs: ['garbage'],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      const garble = switchOf(subject, 'garble');
      for (const how of garbage) {
        garble(how);
        isOf(await ask.push(ask.upsert(how, 'A')), ['pushMalformed'], how);
        same((await subject.transport.fetch({ kind: ask.kind, id: how })).type, 'fetchError', `the fetch with ${how}`);
      }
      garble('proper');
    },
  },
  {
    title: "F-23: a page that is not the API's is no empty page: the pull rejects with ParseError",
    about: 'failures',
    needs: ['garbage'],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      for (const how of garbage) {
        switchOf(subject, 'garble')(how);
        holds((await rejectionOf(ask.pull(), how)) instanceof ParseError, `a ParseError for ${how}`);
      }
    },
  },
  {
    title: 'F-34: an answer with the row of another entity is malformed',
    about: 'failures',
    needs: ['garbage'],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      switchOf(subject, 'garble')('otherRow');
      isOf(await ask.push(ask.upsert('a', 'A')), ['pushMalformed'], 'the answer');
    },
  },
  {
    title: 'an expired token is refreshed once and the write goes through (PROTOCOL §1)',
    about: 'failures',
    needs: ['tokens'],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      await ask.write(ask.upsert('a', 'A'));
      switchOf(subject, 'endToken')('expired');
      same((await ask.write(ask.upsert('b', 'B')))['title'], 'B', 'the title written with the new token');
      same((await ask.pullAll()).length, 2, 'the number of rows');
    },
  },
  {
    title: 'a token that cannot be refreshed ends the push: nothing is lost, nothing more is sent (PROTOCOL §1)',
    about: 'failures',
    needs: ['tokens'],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      switchOf(subject, 'endToken')('revoked');
      const { results } = await subject.transport.push([ask.upsert('a', 'A'), ask.upsert('b', 'B')], {});
      isOf(results[0]?.result, ['pushUnauthorized'], 'the first operation');
      isOf(results[1]?.result, ['pushUnauthorized', 'pushUnavailable'], 'the second operation');
      holds((await rejectionOf(ask.pull(), 'the pull')) instanceof AuthError, 'the pull rejects with AuthError');
    },
  },
  {
    title: 'F-07: where nothing listens, provably nothing was sent, and one operation is enough to know',
    about: 'failures',
    needs: ['outages'],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      await switchOf(subject, 'stop')();
      const { results } = await subject.transport.push([ask.upsert('a', 'A'), ask.upsert('b', 'B')], {});
      for (const { result } of results)
        holds(result.type === 'pushUnavailable' && !result.dispatched, `nothing was sent, got ${result.type}`);
      holds((await rejectionOf(ask.pull(), 'the pull')) instanceof NetworkError, 'the pull rejects with NetworkError');
      same(await subject.transport.health({}), false, 'health');
    },
  },
];

import { AuthError, ParseError } from '../../model/errors/errors.ts';
import { isJsonObject } from '../../model/values/json.ts';
import { fetchError, fetchNotFound, fetchSuccess, type FetchResult } from '../../model/transport.ts';
import { htmlFact, shapeOfBody } from '../answers/answer-shape.ts';
import { rowIdOf } from '../answers/answer-fields.ts';
import { askApp, missingOf } from '../answers/classify-answer.ts';
import { jsonOf, readBody } from '../http/http-answer.ts';
import { httpFailure, toSyncError } from '../answers/sync-errors.ts';
import type { SendParts } from './send-parts.ts';
import { unauthorizedWords } from '../answers/unauthorized-words.ts';

/**
 * Reads one row, `GET /{kind}/{id}`. Never throws; a failure becomes a `fetchError`. Only the API's own 404 counts
 * (F-22, F-150). After an unclear 404, checks the list and reads the row again, because a gateway may fail a single
 * request.
 */
export const fetchRow = (
  kind: string,
  id: string,
  parts: SendParts,
  signal: AbortSignal | undefined,
): Promise<FetchResult> => readRow(kind, id, parts, { signal, isRepeat: false });

async function readRow(
  kind: string,
  id: string,
  parts: SendParts,
  { signal, isRepeat }: { readonly signal: AbortSignal | undefined; readonly isRepeat: boolean },
): Promise<FetchResult> {
  const { send, urls, presence, settings } = parts;
  try {
    const answer = await send({ method: 'GET', url: urls.entity(kind, id), signal });
    const answered = presence.mark();
    const read = readBody(answer);
    const body = jsonOf(read);
    const verdict = askApp(settings.classifyStatus, { status: answer.status, body });
    if (verdict instanceof Error)
      return fetchError(new ParseError(`classifyStatus failed: ${verdict.message}`, { cause: verdict }));
    if (verdict === 'notFound') return fetchNotFound();
    if (verdict === 'unauthorized') return fetchError(new AuthError(unauthorizedWords(answer.status, settings)));
    if (answer.status === 404 || answer.status === 410) {
      const missing = missingOf(body);
      if (missing === 'unclear' && !isRepeat && (await presence.exists(kind, signal, answered)))
        return await readRow(kind, id, parts, { signal, isRepeat: true });
      return missing === 'row' || (missing === 'unclear' && isRepeat)
        ? fetchNotFound()
        : fetchError(httpFailure(answer, settings));
    }
    if (answer.status < 200 || answer.status > 299) return fetchError(httpFailure(answer, settings));
    if (!isJsonObject(body) || rowIdOf(body) !== id) {
      const got =
        isJsonObject(body) && rowIdOf(body) !== undefined
          ? `the row '${rowIdOf(body)?.slice(0, 60)}'`
          : shapeOfBody(read);
      return fetchError(
        new ParseError(
          `Failed to parse the row ${kind}/${id.slice(0, 60)}: expected a JSON object with this id, got ${got}`,
          htmlFact(read),
        ),
      );
    }
    return fetchSuccess(body, answer.header('etag'));
  } catch (error) {
    return fetchError(toSyncError(error));
  }
}

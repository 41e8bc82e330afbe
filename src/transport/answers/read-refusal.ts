import type { Json } from '../../model/values/json.ts';
import type { Op } from '../../model/operation.ts';
import { excerpt, type Body } from '../http/http-answer.ts';
import { refusalOf, refusalOfText, type Refusal } from './refusal-words.ts';
import type { RestSettings } from '../http/rest-options.ts';

interface RefusedAnswer {
  readonly status: number;
  readonly body: Body;
  /** Of an item of a batch, what the server said beside the row. */
  readonly said?: Json | undefined;
}

/**
 * Says in the server's words why it refused: by the app's `readRefusal`, else by the rules for bodies that are known.
 * Total (I13).
 */
export function readRefusal(op: Op, answer: RefusedAnswer, readByApp: RestSettings['readRefusal']): Refusal {
  const { status, body: whole } = answer;
  const body = answer.said ?? (whole.type === 'json' ? whole.value : undefined);
  const text = whole.type === 'notJson' ? whole.text : '';
  const byRules = (): Refusal => (text === '' ? refusalOf(body) : refusalOfText(text));
  if (readByApp === undefined) return byRules();
  try {
    return bounded(readByApp({ status, body, text, op })) ?? byRules();
  } catch (error) {
    const known = byRules();
    const failed = `readRefusal failed: ${excerpt(error instanceof Error ? error.message : String(error), 200)}`;
    return {
      ...known,
      message: known.message === undefined ? `The answer was ${status}; ${failed}` : `${known.message} (${failed})`,
    };
  }
}

/** An app in plain JavaScript can return anything: what is no text is left out. */
function bounded(given: unknown): Refusal | undefined {
  if (typeof given !== 'object' || given === null) return undefined;
  const textAt = (name: string, length?: number): string | undefined => {
    const value: unknown = Reflect.get(given, name);
    return typeof value === 'string' && value !== '' ? excerpt(value, length) : undefined;
  };
  const code = textAt('code', 100);
  const message = textAt('message');
  const fields: unknown = Reflect.get(given, 'fields');
  const reasons =
    typeof fields === 'object' && fields !== null
      ? Object.entries(fields).flatMap(([field, reason]: [string, unknown]) =>
          typeof reason === 'string' ? [[field, excerpt(reason)] as const] : [],
        )
      : [];
  return {
    ...(code === undefined ? {} : { code }),
    ...(message === undefined ? {} : { message }),
    ...(reasons.length === 0 ? {} : { fields: Object.fromEntries(reasons) }),
  };
}

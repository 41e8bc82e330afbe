import type { Json } from '../../model/values/json.ts';
import type { Op } from '../../model/operation.ts';
import { excerpt, type Body } from '../http/http-answer.ts';
import { refusalOf, refusalOfText, type Refusal } from './refusal-words.ts';
import type { RestSettings } from '../http/rest-options.ts';

interface RefusedAnswer {
  readonly status: number;
  readonly body: Body;
  /** For an item of a batch: the server's explanation beside the row. */
  readonly said?: Json | undefined;
}

/**
 * Reads the server's reason for a refusal: by the app's `readRefusal`, or else by the rules for known bodies. Never
 * throws (I13).
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
      message:
        known.message === undefined ? `The server answered with ${status}; ${failed}` : `${known.message} (${failed})`,
    };
  }
}

/** An app in plain JavaScript can return anything. Drops what is not a string. */
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

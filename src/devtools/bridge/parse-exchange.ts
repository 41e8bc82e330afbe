import * as v from 'valibot';
import type { Exchange, Exchanged, ExposedEngine } from './page-hook.ts';

const shortText = v.pipe(v.string(), v.minLength(1), v.maxLength(200));
const exchange = v.object({
  engine: shortText,
  session: shortText,
  step: v.picklist(['open', 'go', 'close']),
  messages: v.array(v.unknown()),
});
const exchanged = v.object({ isOpen: v.boolean(), text: v.string(), more: v.boolean() });
const engines = v.array(v.object({ id: shortText, name: v.string() }));

/** Checks what the extension said. Never throws. */
export const parseExchange = (text: string): Exchange | undefined => parse(exchange, text);

/** Checks what a page answered. Never throws. */
export const parseExchanged = (text: string): Exchanged | undefined => parse(exchanged, text);

/** Checks a page's list of engines. Never throws. */
export const parseEngines = (text: string): readonly ExposedEngine[] => parse(engines, text) ?? [];

function parse<Schema extends v.GenericSchema>(schema: Schema, text: string): v.InferOutput<Schema> | undefined {
  const result = v.safeParse(schema, jsonOf(text));
  return result.success ? result.output : undefined;
}

/** What is no JSON is nothing that a schema knows. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}

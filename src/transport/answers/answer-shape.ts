import { isJsonObject, type Json } from '../../model/values/json.ts';
import type { Body } from '../http/http-answer.ts';

/** Maximum number of field names in a message. */
const mostNames = 5;

/** Describes an unexpected body. Names its fields, never their values. */
export function shapeOfBody(body: Body): string {
  switch (body.type) {
    case 'empty':
      return 'nothing';
    case 'notJson':
      return body.isHtml ? 'a web page (HTML)' : 'text that is not JSON';
    case 'json':
      return shapeOf(body.value);
    default:
      return body satisfies never;
  }
}

export function shapeOf(value: Json | undefined): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (!isJsonObject(value)) return `a ${typeof value}`;
  const names = Object.keys(value);
  if (names.length === 0) return 'an empty object';
  const shown = names.slice(0, mostNames).map((name) => `'${name.slice(0, 40)}'`);
  return `an object with ${shown.join(', ')}${names.length > mostNames ? ` and ${names.length - mostNames} more fields` : ''}`;
}

/** Marks answers that are web pages, for errors that report it. */
export const htmlFact = (body: Body): { readonly isHtml?: true } =>
  body.type === 'notJson' && body.isHtml ? { isHtml: true } : {};

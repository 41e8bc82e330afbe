import type { Json } from '../../model/values/json.ts';

/** How a value is edited. */
export type FieldShape = 'text' | 'number' | 'flag' | 'json';

/** The shape of a field, told from the values that are known of it. */
export function shapeOf(known: readonly (Json | undefined)[]): FieldShape {
  const sample = known.find((value) => value !== undefined && value !== null);
  switch (typeof sample) {
    case 'number':
      return 'number';
    case 'boolean':
      return 'flag';
    case 'object':
      return 'json';
    default:
      return 'text';
  }
}

/** A value as the text of an input. */
export function toText(value: Json | undefined, shape: FieldShape): string {
  if (value === undefined || value === null) return '';
  return shape === 'json' && typeof value === 'object' ? JSON.stringify(value) : String(value);
}

export type ReadText =
  | { readonly value: Json; readonly problem?: undefined }
  | { readonly value?: undefined; readonly problem: 'notANumber' | 'notJson' };

/** Reads what somebody typed. Empty text is null, except in a field of text that knows none. */
export function readText(text: string, shape: FieldShape, known: readonly (Json | undefined)[]): ReadText {
  const isEmpty = text.trim() === '';
  switch (shape) {
    case 'number':
      if (isEmpty) return { value: null };
      return Number.isFinite(Number(text)) ? { value: Number(text) } : { problem: 'notANumber' };
    case 'flag':
      return { value: text === 'true' };
    case 'json':
      if (isEmpty) return { value: null };
      try {
        return { value: JSON.parse(text) as Json };
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        return { problem: 'notJson' };
      }
    case 'text':
      return { value: text === '' && known.includes(null) ? null : text };
  }
}

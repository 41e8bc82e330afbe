import type { Json, JsonObject } from '../../model/values/json.ts';
import type { SyncUiWords } from './ui-words.ts';

/** How an app names its records and their fields. `kind` is the table's name on the wire; values are wire JSON. */
export interface RecordWords {
  /** The name of a record. Default: its `title` or `name`, else its id. */
  readonly titleOf?: ((record: NamedRecord) => string) | undefined;
  /** The name of a field. Default: its key, in words. */
  readonly labelOf?: ((field: string, kind: string) => string) | undefined;
  /** A value as people read it. */
  readonly formatValue?: ((value: Json | undefined, field: string, kind: string) => string | undefined) | undefined;
}

export interface NamedRecord {
  readonly kind: string;
  readonly id: string;
  readonly data: JsonObject;
}

/** The words of a record, with defaults. */
export interface RecordVoice {
  title(record: NamedRecord): string;
  label(field: string, kind: string): string;
  value(value: Json | undefined, field: string, kind: string): string;
}

export function recordVoice({ titleOf, labelOf, formatValue }: RecordWords, { values }: SyncUiWords): RecordVoice {
  const plain = (value: Json | undefined): string => {
    if (value === undefined || value === null) return values.none;
    if (typeof value === 'boolean') return value ? values.yes : values.no;
    if (typeof value === 'string') return value === '' ? values.empty : value;
    if (typeof value === 'number') return String(value);
    return Array.isArray(value) && value.every((item) => typeof item === 'string')
      ? value.join(', ') || values.empty
      : JSON.stringify(value);
  };
  return {
    title: (record) => titleOf?.(record) ?? ownTitle(record),
    label: (field, kind) => labelOf?.(field, kind) ?? inWords(field),
    value: (value, field, kind) => formatValue?.(value, field, kind) ?? plain(value),
  };
}

const longestTitle = 80;

function ownTitle({ data, id }: NamedRecord): string {
  const title = data['title'] ?? data['name'];
  if (typeof title !== 'string' || title.trim() === '') return id;
  return title.length > longestTitle ? `${title.slice(0, longestTitle - 1)}…` : title;
}

/** `dueOn` and `due_on` as `Due on`. */
function inWords(key: string): string {
  const words = key
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replaceAll('_', ' ')
    .trim()
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

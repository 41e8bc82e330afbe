import { SqlReader } from './tokens.ts';

/**
 * Converts `?` to `$1`, `$2`, … for PostgreSQL. Question marks inside identifiers and string literals are not
 * placeholders.
 */
export function numberPlaceholders(sql: string): string {
  const reader = new SqlReader(sql, 'postgres');
  let text = '';
  let copied = 0;
  let count = 0;
  while (reader.next()) {
    if (reader.kind !== 'placeholder' || reader.end - reader.start !== 1) continue;
    count += 1;
    text += `${sql.slice(copied, reader.start)}$${count}`;
    copied = reader.end;
  }
  return text + sql.slice(copied);
}

/** Quotes the name of a table or column for SQL, whatever it contains. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** A table name for SQL, with its schema if the entity has one. */
export const quotedTable = ({
  schema,
  tableName,
}: {
  readonly schema?: string | undefined;
  readonly tableName: string;
}): string => (schema === undefined ? quoted(tableName) : `${quoted(schema)}.${quoted(tableName)}`);

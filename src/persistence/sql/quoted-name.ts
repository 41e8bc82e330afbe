/** A table's or column's name as SQL, whatever is in it. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** A table as SQL names it, with its schema where the entity has one. */
export const quotedTable = ({
  schema,
  tableName,
}: {
  readonly schema?: string | undefined;
  readonly tableName: string;
}): string => (schema === undefined ? quoted(tableName) : `${quoted(schema)}.${quoted(tableName)}`);

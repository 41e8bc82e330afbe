import pg from 'pg';

interface Column {
  readonly name: string;
  readonly definition: string;
}

/**
 * A PostgreSQL database as SQL text that makes it again: tables, sequences, rows, keys, indexes. Knows what synced apps
 * use, not everything there is.
 */
export async function dumpPostgres(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const rowsOf = async <Row>(sql: string, values: readonly unknown[] = []): Promise<Row[]> =>
    (await client.query(sql, [...values])).rows as Row[];
  try {
    const tables = await rowsOf<{ name: string }>(
      `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`,
    );
    const sequences = await rowsOf<{ name: string; last: string | null }>(
      `SELECT sequencename AS name, last_value::text AS last FROM pg_sequences WHERE schemaname = 'public' ORDER BY 1`,
    );
    const lines = sequences.map(({ name }) => `CREATE SEQUENCE "${name}";`);
    for (const { name } of tables) {
      const columns = await rowsOf<Column>(
        `SELECT a.attname AS name, concat_ws(' ', quote_ident(a.attname), format_type(a.atttypid, a.atttypmod),
           'DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), CASE WHEN a.attnotnull THEN 'NOT NULL' END) AS definition
         FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
         WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`,
        [`"${name}"`],
      );
      lines.push(`CREATE TABLE "${name}" (${columns.map(({ definition }) => definition).join(', ')});`);
      const names = columns.map((column) => `"${column.name}"`);
      const values = names.map((column) => `quote_nullable(${column}::text)`).join(` || ', ' || `);
      const rows = await rowsOf<{ text: string }>(
        `SELECT ${values} AS text FROM "${name}" ORDER BY ${names.slice(0, 2).join(', ')}`,
      );
      lines.push(...rows.map(({ text }) => `INSERT INTO "${name}" (${names.join(', ')}) VALUES (${text});`));
    }
    lines.push(
      ...sequences.flatMap(({ name, last }) => (last === null ? [] : [`SELECT setval('"${name}"', ${last});`])),
    );
    const constraints = await rowsOf<{ text: string }>(
      `SELECT format('ALTER TABLE %s ADD CONSTRAINT %I %s;', conrelid::regclass, conname, pg_get_constraintdef(oid)) AS text FROM pg_constraint
       WHERE connamespace = 'public'::regnamespace AND contype IN ('p', 'u', 'f') ORDER BY contype = 'f', conrelid::regclass::text, conname`,
    );
    const indexes = await rowsOf<{ text: string }>(
      `SELECT indexdef || ';' AS text FROM pg_indexes WHERE schemaname = 'public' AND indexname NOT IN (SELECT conname FROM pg_constraint) ORDER BY indexname`,
    );
    return `${[...lines, ...[...constraints, ...indexes].map(({ text }) => text)].join('\n')}\n`;
  } finally {
    await client.end();
  }
}

/** Makes what {@link dumpPostgres} wrote in an empty database. */
export async function restorePostgres(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

import { DatabaseError } from '../../model/errors/errors.ts';

/**
 * Writes a file atomically; a process that dies in between leaves the previous file. Rejects with `DatabaseError` that
 * names the file. The data is then only in memory, and the next save includes it.
 */
export async function saveFile(path: string, bytes: Uint8Array): Promise<void> {
  const { open, rename } = process.getBuiltinModule('node:fs/promises');
  const besides = `${path}.saving`;
  try {
    const file = await open(besides, 'w');
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(besides, path);
  } catch (cause) {
    throw new DatabaseError(
      `Cannot write the database file ${path}: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}

import { DatabaseError } from '../../model/errors/errors.ts';

/**
 * Writes a file whole or not at all: a process that dies in between leaves the one before. Rejects with `DatabaseError`
 * naming the file; what was to be saved is then in memory only, and goes with the next save.
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

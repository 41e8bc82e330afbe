/** Writes a file whole or not at all: a process that dies in between leaves the one before. */
export async function saveFile(path: string, bytes: Uint8Array): Promise<void> {
  const { open, rename } = process.getBuiltinModule('node:fs/promises');
  const besides = `${path}.saving`;
  const file = await open(besides, 'w');
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(besides, path);
}

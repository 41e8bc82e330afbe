/**
 * Makes a boundary of every step in which sql.js' file is replaced: before and after it is opened, with half of it
 * written, with all of it written, flushed, closed and renamed. `saveFile` asks for these functions each time, so
 * replacing them is enough. Gives back what undoes it.
 */
export function stepWhileSaving(step: () => void): () => void {
  const files = process.getBuiltinModule('node:fs/promises');
  const { open, rename } = files;
  files.open = async (...args) => {
    step();
    const file = await open(...args);
    const { writeFile, sync, close } = file;
    file.writeFile = async (data) => {
      step();
      if (data instanceof Uint8Array) {
        const half = Math.floor(data.length / 2);
        await file.write(data, 0, half);
        step();
        await file.write(data, half, data.length - half);
      } else await writeFile.call(file, data);
      step();
    };
    file.sync = async () => {
      await sync.call(file);
      step();
    };
    file.close = async () => {
      await close.call(file);
      step();
    };
    return file;
  };
  files.rename = async (...args) => {
    step();
    await rename(...args);
    step();
  };
  return () => {
    files.open = open;
    files.rename = rename;
  };
}

/**
 * Compiles SQLite's wasm file while the worker's script loads. Undefined where that fails: the worker then fetches the
 * file itself, and reports what is wrong.
 */
export async function compileWasm(url: string | URL): Promise<WebAssembly.Module | undefined> {
  try {
    return await WebAssembly.compileStreaming(fetch(url, { credentials: 'same-origin' }));
  } catch {
    return undefined;
  }
}

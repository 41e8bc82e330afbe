export type Statement = readonly [sql: string, parameters: readonly unknown[]];

/** One transaction as the worker carried it out, with the statements that came before its BEGIN. */
export interface RecordedTransaction {
  readonly statements: readonly Statement[];
  readonly flushes: number;
  /** Messages from the worker to its own tab. */
  readonly messages: number;
}

export type Question =
  | { readonly ask: 'record' }
  | { readonly ask: 'recorded' }
  | { readonly ask: 'replay'; readonly transactions: readonly (readonly Statement[])[] };

export const lineOf = (name: string): BroadcastChannel => new BroadcastChannel(`bench ${name}`);

/** Asks the worker that has the file of a database. */
export function askWorker<Answer>(name: string, question: Question): Promise<Answer> {
  const line = lineOf(name);
  return new Promise((resolve, reject) => {
    line.onmessage = ({ data }: MessageEvent<{ readonly answer?: Answer; readonly error?: string }>) => {
      line.close();
      if (data.error === undefined) resolve(data.answer as Answer);
      else reject(new Error(data.error));
    };
    line.postMessage(question);
  });
}

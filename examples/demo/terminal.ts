/** Where the demo prints, and whether it may move the cursor and use colours. */
export interface Screen {
  write(text: string): void;
  /** A person is watching: colours, and a progress bar that redraws itself. */
  readonly interactive: boolean;
  readonly columns: number;
}

/** Colours only on a terminal, and never where NO_COLOR asks for none. */
export const terminalScreen = (stream: NodeJS.WriteStream): Screen => ({
  write: (text) => void stream.write(text),
  interactive: stream.isTTY && process.env['NO_COLOR'] === undefined && process.env['TERM'] !== 'dumb',
  // Some terminals report none, or 0.
  columns: stream.columns > 0 ? stream.columns : 80,
});

export type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red' | 'cyan';
const codes: Readonly<Record<Style, readonly [on: number, off: number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  green: [32, 39],
  yellow: [33, 39],
  red: [31, 39],
  cyan: [36, 39],
};

export const formatCount = (count: number): string => Math.round(count).toLocaleString('en-US');
export const formatSeconds = (ms: number): string => `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${formatCount(count)} ${count === 1 ? one : many}`;

const labelWidth = 30;
const barWidth = 28;
/** Between two lines of progress where nothing can be redrawn. */
const lineEveryMs = 2_000;
/** Between two redraws; more often is only flicker. */
const redrawEveryMs = 60;

export interface Progress {
  /** `done` counts up; calls may come as often as they like. */
  at(done: number): void;
  /** Replaces the bar by its result. */
  end(done: number): void;
}

/** What somebody goes through, written as it happens. */
export interface Trail {
  /** The same step twice in a row is one. */
  step(name: string): void;
  /** Ends the line with what came of it. */
  end(result: string): void;
}

/** Prints sections, aligned facts and progress. */
export class Terminal {
  readonly #screen: Screen;
  readonly #now: () => number;
  readonly #startedAt: number;
  #section = 0;

  constructor(screen: Screen, now: () => number) {
    this.#screen = screen;
    this.#now = now;
    this.#startedAt = now();
  }

  style(style: Style, text: string): string {
    const [on, off] = codes[style];
    return this.#screen.interactive ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  }

  line(text = ''): void {
    this.#screen.write(`${text}\n`);
  }

  title(text: string, under: string): void {
    this.line();
    this.line(`  ${this.style('bold', text)}`);
    this.line(`  ${this.style('dim', under)}`);
  }

  /** A step of the story, numbered. */
  section(text: string): void {
    this.#section += 1;
    const elapsed = `${((this.#now() - this.#startedAt) / 1000).toFixed(1)} s`;
    const head = `${this.#section}. ${text}`;
    const rule = '─'.repeat(Math.max(3, Math.min(this.#screen.columns, 90) - head.length - elapsed.length - 6));
    this.line();
    this.line(`  ${this.style('bold', head)} ${this.style('dim', `${rule} ${elapsed}`)}`);
  }

  note(text: string): void {
    this.line(`     ${this.style('dim', text)}`);
  }

  fact(label: string, value: string | number, detail = ''): void {
    const shown = typeof value === 'number' ? formatCount(value) : value;
    this.line(
      `     ${label.padEnd(labelWidth)}${shown.padStart(12)}${detail === '' ? '' : `   ${this.style('dim', detail)}`}`,
    );
  }

  /** What the engine is doing, as it happens. */
  event(who: string, what: string, detail = ''): void {
    this.line(`     ${this.style('cyan', who)}  ${what}${detail === '' ? '' : `   ${this.style('dim', detail)}`}`);
  }

  trail(who: string): Trail {
    let last: string | undefined;
    return {
      step: (name) => {
        if (name === last) return;
        this.#screen.write(
          last === undefined ? `     ${this.style('cyan', who)}  ${name}` : ` ${this.style('dim', '→')} ${name}`,
        );
        last = name;
      },
      end: (result) => this.line(`   ${this.style('bold', result)}`),
    };
  }

  good(text: string): void {
    this.line(`     ${this.style('green', '✓')} ${text}`);
  }

  bad(text: string): void {
    this.line(`     ${this.style('red', '✗')} ${text}`);
  }

  progress(label: string, total: number, unit: string): Progress {
    const startedAt = this.#now();
    let drawnAt = startedAt;
    const rate = (done: number): string => {
      const seconds = (this.#now() - startedAt) / 1000;
      return `${formatCount(seconds > 0 ? done / seconds : 0)} ${unit}/s`;
    };
    const draw = (done: number): void => {
      const share = total === 0 ? 1 : Math.min(1, done / total);
      const filled = Math.round(share * barWidth);
      const percent = `${Math.floor(share * 100)} %`.padStart(5);
      if (this.#screen.interactive) {
        const bar = `${this.style('green', '█'.repeat(filled))}${this.style('dim', '░'.repeat(barWidth - filled))}`;
        this.#screen.write(
          `\r     ${label}  ${bar} ${percent}  ${formatCount(done)}  ${this.style('dim', rate(done))}\u001b[K`,
        );
      } else {
        this.line(`     ${label}  ${percent}  ${formatCount(done).padStart(9)}  ${rate(done)}`);
      }
    };
    return {
      at: (done) => {
        if (this.#now() - drawnAt < (this.#screen.interactive ? redrawEveryMs : lineEveryMs)) return;
        drawnAt = this.#now();
        draw(done);
      },
      end: (done) => {
        if (this.#screen.interactive) this.#screen.write('\r\u001b[K');
        this.fact(label, done, `${formatSeconds(this.#now() - startedAt)}, ${rate(done)}`);
      },
    };
  }
}

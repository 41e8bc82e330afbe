/** Differences between the SQL families for a reader: square brackets, dollar quotes, escapes and nested comments. */
export type SqlFamily = 'sqlite' | 'postgres';

/**
 * `group` is a pair of parentheses with its content. `sign` is any other single character, such as a comma or an
 * operator.
 */
export type TokenKind =
  | 'space'
  | 'comment'
  | 'text'
  | 'blob'
  | 'name'
  | 'number'
  | 'placeholder'
  | 'word'
  | 'sign'
  | 'group'
  | 'end';

/** A single token. */
export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /**
   * The lower-case text of a `word` or `sign`, `()` for a group, empty for others. Quoted text thus never equals a
   * word.
   */
  readonly word: string;
  readonly start: number;
  readonly end: number;
}

const letter = 1;
const digit = 2;
const dollar = 3;
const blank = 4;
/** A character that is a token by itself. */
const single = 5;
/** Classes of ASCII characters; all others are letters. */
const classes = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  if (/[a-z_]/i.test(character)) return letter;
  if (/\d/.test(character)) return digit;
  if (character === '$') return dollar;
  if (/\s/.test(character)) return blank;
  return '\'"`[-/.?:@'.includes(character) ? 0 : single;
});
const byteOrderMark = 0xfeff;

const classOf = (code: number): number => (code < 128 ? (classes[code] ?? 0) : code === byteOrderMark ? blank : letter);
const isDigit = (code: number): boolean => code >= 48 && code <= 57;
const isSpace = (code: number): boolean => classOf(code) === blank;
/** Letters, digits and `$`. */
const isWordPart = (code: number): boolean => code >= 128 || ((classes[code] ?? 0) - 1) >>> 0 < dollar;

const commentMark = /\/\*|\*\//g;
const escapedEnd = /\\[\s\S]|'/g;
const dollarTag = /\$(?:[a-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/iy;

/**
 * Reads SQL token by token in linear time. Never throws; an unclosed token extends to the end of the text. Stores the
 * current token in its own fields, so that long statements create no objects; {@link tokensOf} creates a list.
 */
export class SqlReader {
  kind: TokenKind = 'end';
  start = 0;
  end = 0;

  constructor(
    readonly sql: string,
    readonly family: SqlFamily = 'sqlite',
  ) {}

  get text(): string {
    return this.sql.slice(this.start, this.end);
  }

  /** See {@link Token.word}. */
  get word(): string {
    if (this.kind === 'word') return this.text.toLowerCase();
    if (this.kind === 'group') return '()';
    return this.kind === 'sign' ? this.text : '';
  }

  is(word: string): boolean {
    if (this.kind === 'sign') return this.sql.charCodeAt(this.start) === word.charCodeAt(0) && word.length === 1;
    return this.kind === 'word' && this.end - this.start === word.length && this.word === word;
  }

  /** The name without its quotes; undefined if the token is not a name. */
  get name(): string | undefined {
    return nameIn(this.kind, this.text);
  }

  /** Advances to the next token, including spaces and comments; false at the end. */
  step(): boolean {
    const { sql } = this;
    this.start = this.end;
    if (this.start >= sql.length) {
      this.kind = 'end';
      return false;
    }
    this.#read(sql.charCodeAt(this.start));
    return true;
  }

  /** Advances to the next significant token. */
  next(): boolean {
    do {
      this.start = this.end;
      this.end = this.#spaceEnd();
      if (!this.step()) return false;
    } while (this.kind === 'comment');
    return true;
  }

  /** Like `next`, but passes a pair of parentheses as one token. */
  nextOuter(): boolean {
    if (!this.next()) return false;
    if (this.kind !== 'sign' || this.sql.charCodeAt(this.start) !== 40) return true;
    const { start } = this;
    for (let depth = 1; depth > 0 && this.next(); ) {
      if (this.kind !== 'sign') continue;
      const code = this.sql.charCodeAt(this.start);
      if (code === 40) depth += 1;
      else if (code === 41) depth -= 1;
    }
    this.kind = 'group';
    this.start = start;
    return true;
  }

  #read(code: number): void {
    switch (classOf(code)) {
      case blank:
        return this.#take('space', this.#spaceEnd());
      case letter:
        return this.#readWord(code);
      case digit:
        return this.#readNumber();
      case single:
        return this.#take('sign', this.start + 1);
      default:
        return this.#readMark(code);
    }
  }

  #readMark(code: number): void {
    const { sql, start } = this;
    const after = sql.charCodeAt(start + 1);
    switch (code) {
      case 39: // '
        return this.#take('text', this.#closing("'", start + 1));
      case 34: // "
        return this.#take('name', this.#closing('"', start + 1));
      case 45: // -
        return after === 45 ? this.#take('comment', this.#lineEnd()) : this.#take('sign', start + 1);
      case 47: // /
        return after === 42 ? this.#take('comment', this.#commentEnd()) : this.#take('sign', start + 1);
      case 46: // .
        return isDigit(after) ? this.#readNumber() : this.#take('sign', start + 1);
      case 63: // ?
        return this.#take('placeholder', this.family === 'sqlite' ? this.#digitsEnd() : start + 1);
      case 36: // $
        return this.#readDollar(after);
      default:
        return this.family === 'sqlite' ? this.#readSqliteMark(code, after) : this.#take('sign', start + 1);
    }
  }

  #readSqliteMark(code: number, after: number): void {
    const { start } = this;
    // ` [ : @
    if (code === 96) this.#take('name', this.#closing('`', start + 1));
    else if (code === 91) this.#take('name', this.#behind(this.sql.indexOf(']', start + 1), 1));
    else if ((code === 58 || code === 64) && isWordPart(after)) this.#take('placeholder', this.#wordEnd());
    else this.#take('sign', start + 1);
  }

  #readDollar(after: number): void {
    const { sql, start } = this;
    if (this.family === 'postgres') {
      dollarTag.lastIndex = start;
      const tag = dollarTag.exec(sql)?.[0];
      if (tag !== undefined) return this.#take('text', this.#behind(sql.indexOf(tag, start + tag.length), tag.length));
    }
    if (isWordPart(after)) this.#take('placeholder', this.#wordEnd());
    else this.#take('sign', start + 1);
  }

  #readWord(first: number): void {
    const { sql, start } = this;
    if (sql.charCodeAt(start + 1) === 39) {
      const letter = first | 0x20;
      // x'00', and in PostgreSQL b'01' and E'\n'.
      if (letter === 120 || (letter === 98 && this.family === 'postgres'))
        return this.#take('blob', this.#closing("'", start + 2));
      if (letter === 101 && this.family === 'postgres') return this.#take('text', this.#escapedClosing(start + 2));
    }
    this.#take('word', this.#wordEnd());
  }

  /** Digits, a fraction and an exponent. Letters that follow at once belong to it, as in 0x1F. */
  #readNumber(): void {
    const { sql, start } = this;
    const isHex = (sql.charCodeAt(start + 1) | 0x20) === 120;
    let at = start + 1;
    for (; at < sql.length; at += 1) {
      const code = sql.charCodeAt(at);
      if (isWordPart(code) || code === 46) continue;
      const isExponentSign =
        (code === 43 || code === 45) &&
        !isHex &&
        (sql.charCodeAt(at - 1) | 0x20) === 101 &&
        isDigit(sql.charCodeAt(at + 1));
      if (!isExponentSign) break;
    }
    this.#take('number', at);
  }

  #take(kind: TokenKind, end: number): void {
    this.kind = kind;
    this.end = end;
  }

  // Three loops with their own checks; a shared loop with a callback takes twice as long.
  #spaceEnd(): number {
    const { sql } = this;
    let at = this.start;
    while (at < sql.length && isSpace(sql.charCodeAt(at))) at += 1;
    return at;
  }

  #wordEnd(): number {
    const { sql } = this;
    let at = this.start + 1;
    while (at < sql.length && isWordPart(sql.charCodeAt(at))) at += 1;
    return at;
  }

  #digitsEnd(): number {
    const { sql } = this;
    let at = this.start + 1;
    while (isDigit(sql.charCodeAt(at))) at += 1;
    return at;
  }

  #behind(found: number, length: number): number {
    return found === -1 ? this.sql.length : found + length;
  }

  /** Position after the closing mark; a doubled mark is an escape. */
  #closing(mark: string, from: number): number {
    const { sql } = this;
    const code = mark.charCodeAt(0);
    let at = sql.indexOf(mark, from);
    while (at !== -1 && sql.charCodeAt(at + 1) === code) at = sql.indexOf(mark, at + 2);
    return this.#behind(at, 1);
  }

  #escapedClosing(from: number): number {
    const { sql } = this;
    escapedEnd.lastIndex = from;
    for (let found = escapedEnd.exec(sql); found !== null; found = escapedEnd.exec(sql)) {
      if (found[0] !== "'") continue;
      if (sql[found.index + 1] !== "'") return found.index + 1;
      escapedEnd.lastIndex = found.index + 2;
    }
    return sql.length;
  }

  #lineEnd(): number {
    const at = this.sql.indexOf('\n', this.start);
    return at === -1 ? this.sql.length : at;
  }

  #commentEnd(): number {
    const { sql, start } = this;
    if (this.family === 'sqlite') return this.#behind(sql.indexOf('*/', start + 2), 2);
    commentMark.lastIndex = start + 2;
    let depth = 1;
    for (let found = commentMark.exec(sql); found !== null; found = commentMark.exec(sql)) {
      depth += found[0] === '/*' ? 1 : -1;
      if (depth === 0) return commentMark.lastIndex;
    }
    return sql.length;
  }
}

function nameIn(kind: TokenKind, text: string): string | undefined {
  if (kind === 'word') return text;
  if (kind !== 'name') return undefined;
  const mark = text[0] ?? '';
  const inside = text.slice(1, -1);
  return mark === '[' ? inside : inside.replaceAll(mark + mark, mark);
}

/** The name of a token; undefined if the token is not a name. */
export const nameOf = ({ kind, text }: Token): string | undefined => nameIn(kind, text);

const tokenAt = ({ kind, text, word, start, end }: SqlReader): Token => ({ kind, text, word, start, end });

/** All significant tokens. */
export function tokensOf(sql: string, family?: SqlFamily): readonly Token[] {
  const reader = new SqlReader(sql, family);
  const tokens: Token[] = [];
  while (reader.next()) tokens.push(tokenAt(reader));
  return tokens;
}

/** Like {@link tokensOf}, but a pair of parentheses with its content is one token. */
export function outerTokensOf(sql: string, family?: SqlFamily): readonly Token[] {
  const reader = new SqlReader(sql, family);
  const tokens: Token[] = [];
  while (reader.nextOuter()) tokens.push(tokenAt(reader));
  return tokens;
}

/** The first word in lower case, after any comments; empty if the text begins otherwise. */
export function firstWordOf(sql: string): string {
  const reader = new SqlReader(sql);
  reader.next();
  return reader.kind === 'word' ? reader.word : '';
}

/** The names in a group, such as the columns in `("id", title)`. */
export const namesIn = ({ text }: Token): readonly string[] => tokensOf(text).flatMap((token) => nameOf(token) ?? []);

import BetterSqlite3 from 'better-sqlite3';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { hasSeveralStatements } from '../../../src/persistence/sql/several-statements.ts';
import {
  firstWordOf,
  namesIn,
  nameOf,
  outerTokensOf,
  SqlReader,
  tokensOf,
  type SqlFamily,
  type TokenKind,
} from '../../../src/persistence/sql/tokens.ts';

const kindsOf = (sql: string, family?: SqlFamily): readonly (readonly [TokenKind, string])[] =>
  tokensOf(sql, family).map(({ kind, text }) => [kind, text]);

/** Every token of a text, including spaces and comments. */
function piecesOf(sql: string, family: SqlFamily): readonly string[] {
  const reader = new SqlReader(sql, family);
  const pieces: string[] = [];
  while (reader.step()) pieces.push(reader.text);
  return pieces;
}

const database = new BetterSqlite3(':memory:');
afterAll(() => database.close());

describe('SQLite', () => {
  test.each([
    ["'it''s; --'", 'text'],
    ['"a""b"', 'name'],
    ['`a``b`', 'name'],
    ['[a "b" c]', 'name'],
    ["x'00ff'", 'blob'],
    ["X''", 'blob'],
    ['ünï_1$', 'word'],
    ['12', 'number'],
    ['.5', 'number'],
    ['1.5e-3', 'number'],
    ['0x1F', 'number'],
    ['?', 'placeholder'],
    ['?12', 'placeholder'],
    [':id', 'placeholder'],
    ['@id', 'placeholder'],
    ['$id', 'placeholder'],
    [';', 'sign'],
  ] as const)('%s is one token', (text, kind) => {
    expect(kindsOf(text)).toEqual([[kind, text]]);
    expect(kindsOf(`a=${text} ,`)).toEqual([
      ['word', 'a'],
      ['sign', '='],
      [kind, text],
      ['sign', ','],
    ]);
  });

  test('comments end at their first end mark and have no meaning', () => {
    expect(kindsOf("a -- 'x\nb /* /* 'y */ c /*/ d */ e")).toEqual(['a', 'b', 'c', 'e'].map((text) => ['word', text]));
  });

  test('E and dollar signs do not start a quote', () => {
    expect(kindsOf("E'a' $a$b")).toEqual([
      ['word', 'E'],
      ['text', "'a'"],
      ['placeholder', '$a$b'],
    ]);
  });
});

describe('PostgreSQL', () => {
  test.each([
    ["E'it\\'s; '''", 'text'],
    ["$$it's; $1$$", 'text'],
    ["$tag$ $$ ; ' $tag$", 'text'],
    ["b'01'", 'blob'],
    ['$12', 'placeholder'],
    ['?', 'placeholder'],
  ] as const)('%s is one token', (text, kind) => {
    expect(kindsOf(`a=${text};`, 'postgres')).toEqual([
      ['word', 'a'],
      ['sign', '='],
      [kind, text],
      ['sign', ';'],
    ]);
  });

  test('comments nest, and brackets contain an index', () => {
    expect(kindsOf("a /* /* ; */ ' */ b", 'postgres')).toEqual([
      ['word', 'a'],
      ['word', 'b'],
    ]);
    expect(kindsOf("a['b]']", 'postgres').map(([, text]) => text)).toEqual(['a', '[', "'b]'", ']']);
  });
});

test('a bracketed part is one token, whatever it contains', () => {
  expect(outerTokensOf("f(a, (b), ')') ) (c").map(({ text }) => text)).toEqual(['f', "(a, (b), ')')", ')', '(c']);
  expect(namesIn(outerTokensOf('("a""b", [c d], `e`, f)')[0] ?? expect.fail())).toEqual(['a"b', 'c d', 'e', 'f']);
  expect([
    firstWordOf('-- a\n /* b */ SELECT 1'),
    firstWordOf('(SELECT 1)'),
    firstWordOf('"select"'),
    firstWordOf(''),
  ]).toEqual(['select', '', '', '']);
});

const quote = (mark: string): fc.Arbitrary<string> =>
  fc.string().map((inside) => `${mark}${inside.replaceAll(mark, mark + mark)}${mark}`);
const text = quote("'");
const word = fc.stringMatching(/^[a-df-wyzA-DF-WYZ_][a-zA-Z0-9_$]*$/);
const shared: Readonly<Record<string, fc.Arbitrary<string>>> = {
  text,
  name: quote('"'),
  blob: fc.stringMatching(/^[xX]'[0-9a-f]*'$/),
  word,
  number: fc.stringMatching(/^(0x[0-9a-f]+|\d+(\.\d+)?([eE][+-]?\d+)?)$/),
  sign: fc.constantFrom('(', ')', ',', '.', '=', '+', '*', ';', '|'),
};
const tokens: Readonly<Record<SqlFamily, Readonly<Record<string, fc.Arbitrary<string>>>>> = {
  sqlite: {
    ...shared,
    name: fc.oneof(
      quote('"'),
      quote('`'),
      fc.string().map((inside) => `[${inside.replaceAll(']', '')}]`),
    ),
    placeholder: fc.oneof(
      fc.constant('?'),
      fc.nat().map((number) => `?${number}`),
      word.map((name) => `:${name}`),
    ),
  },
  postgres: {
    ...shared,
    text: fc.oneof(
      text,
      fc.string().map((inside) => `$q$${inside.replaceAll('$', '')}$q$`),
      fc.string().map((inside) => `E'${inside.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`),
    ),
    placeholder: fc.oneof(
      fc.constant('?'),
      fc.nat().map((number) => `$${number}`),
    ),
  },
};
const between = fc.constantFrom(' ', '\n\t', "/* ; ' */", "-- '\n", ' /**/ ');

describe.each(['sqlite', 'postgres'] as const)('%s: any text', (family) => {
  const token = fc.oneof(
    ...Object.entries(tokens[family]).map(([kind, texts]) => texts.map((value) => ({ kind, value }))),
  );

  test('joined tokens are found again', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(token, between)), (list) => {
        const sql = list.map(([{ value }, space]) => value + space).join('');
        expect(kindsOf(sql, family)).toEqual(list.map(([{ kind, value }]) => [kind, value]));
      }),
    );
  });

  test('loses no text and yields no empty token, whatever the input', () => {
    const mark = fc.constantFrom(
      "'",
      '"',
      '`',
      '[',
      ']',
      '$',
      '$$',
      '$a$',
      '--',
      '/*',
      '*/',
      '\n',
      '\\',
      "E'",
      "x'",
      '.',
      '1e',
      '?',
      ':',
      '(',
      ')',
      ';',
      '\u00e4',
      '\u{1f600}',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(mark, fc.string({ unit: 'binary' }))), (list) => {
        const sql = list.join('');
        const pieces = piecesOf(sql, family);
        expect(pieces.join('')).toBe(sql);
        expect(pieces).not.toContain('');
        expect(outerTokensOf(sql, family).length).toBeLessThanOrEqual(pieces.length);
      }),
    );
  });

  test.each([
    "'",
    '"',
    '`',
    '[',
    '$a$',
    '$',
    '--',
    '/*',
    '/**',
    "E'\\",
    "x'",
    '(',
    ')',
    '1e+',
    '\\',
    ':',
    'a',
    ' ',
    "''",
    '$a$b',
  ])('half a million of %j take no longer than as many of anything else', (mark) => {
    const sql = mark.repeat(500_000);
    // Reading each remainder again would take hours.
    const reader = new SqlReader(sql, family);
    while (reader.step());
    expect(reader.end).toBe(sql.length);
    expect(hasSeveralStatements(`${sql};a`, family)).toBeTypeOf('boolean');
  });
});

test('SQLite splits texts and names like we do', () => {
  const value = fc.string().filter((inside) => !inside.includes('\0'));
  fc.assert(
    fc.property(value, value, fc.constantFrom('"', '`'), (inside, alias, mark) => {
      const sql = `SELECT '${inside.replaceAll("'", "''")}' AS ${mark}${alias.replaceAll(mark, mark + mark)}${mark}`;
      const [, literal, , name] = tokensOf(sql);
      expect(tokensOf(sql)).toHaveLength(4);
      const statement = database.prepare(sql).raw();
      expect(statement.get()).toEqual([literal?.text.slice(1, -1).replaceAll("''", "'")]);
      expect(statement.columns().map((column) => column.name)).toEqual([nameOf(name ?? expect.fail())]);
    }),
  );
});

test('I1: SQLite finds several statements where we do', () => {
  const expression = fc.oneof(
    fc.constantFrom('1', '1.5e-3', '?', ':a', '.5', "x'00'", '(2)'),
    quote("'").filter((literal) => !literal.includes('\0')),
    fc.constantFrom("';'", '1 AS "a;b"', '1 AS [a;b]', '1 AS `a;b`'),
  );
  const space = fc.constantFrom(' ', '\n', '/* ; */', '-- ;\n', " /* ' */ ");
  const statement = fc
    .array(fc.tuple(expression, space), { minLength: 1, maxLength: 3 })
    .map((list) => `SELECT ${list.map(([value, after]) => value + after).join(', ')}`);
  const givenToSqlite = (sql: string): boolean => {
    try {
      database.prepare(sql);
      return false;
    } catch (error) {
      if (error instanceof RangeError && /more than one statement/.test(error.message)) return true;
      throw error;
    }
  };
  fc.assert(
    fc.property(
      fc.array(fc.tuple(statement, fc.constantFrom(';', ' ; ', ';;', ';-- ;')), { minLength: 1, maxLength: 3 }),
      fc.boolean(),
      (list, ends) => {
        const sql = list
          .map(([text_, end], index) => text_ + (index < list.length - 1 || ends ? `${end}\n` : ''))
          .join('');
        expect([sql, hasSeveralStatements(sql)]).toEqual([sql, givenToSqlite(sql)]);
      },
    ),
  );
});

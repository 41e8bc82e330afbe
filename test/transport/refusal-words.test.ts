import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Json } from '../../src/model/values/json.ts';
import { refusalOf, refusalOfText } from '../../src/transport/answers/refusal-words.ts';
import { edit, pushOne } from './todo-ops.ts';
import type { RestTransportOptions } from '../../src/transport.ts';

const shapes: readonly (readonly [name: string, body: Json, expected: ReturnType<typeof refusalOf>])[] = [
  [
    'this protocol',
    { error: 'invalid', message: 'no', fields: { title: 'blank' } },
    { code: 'invalid', message: 'no', fields: { title: 'blank' } },
  ],
  [
    'a field called message',
    { error: 'invalid', fields: { message: 'blank', code: 'odd' } },
    { code: 'invalid', fields: { message: 'blank', code: 'odd' } },
  ],
  [
    'Django REST, by field',
    {
      title: ['May not be blank.', 'Too short.'],
      address: { street: ['Required.'] },
      lines: [{}, { qty: ['Too many.'] }],
      non_field_errors: ['Dates overlap.'],
    },
    {
      message: 'Dates overlap.',
      fields: { title: 'May not be blank. Too short.', 'address.street': 'Required.', 'lines.qty': 'Too many.' },
    },
  ],
  ['Django REST, detail', { detail: 'You do not have permission.' }, { message: 'You do not have permission.' }],
  ['Django REST, a list', ['Nope.'], { message: 'Nope.' }],
  [
    'Laravel',
    { message: 'Title is required.', errors: { title: ['Required.', 'Text.'] } },
    { message: 'Title is required.', fields: { title: 'Required. Text.' } },
  ],
  ['Rails, full messages', { errors: ["Title can't be blank"] }, { message: "Title can't be blank" }],
  [
    'Rails, by field',
    { errors: { title: ["can't be blank"], base: ['is closed'] } },
    { message: 'is closed', fields: { title: "can't be blank" } },
  ],
  ['Rails, bare', { title: ["can't be blank"] }, { fields: { title: "can't be blank" } }],
  ['a sentence as error', { error: "Title can't be blank" }, { message: "Title can't be blank" }],
  [
    'NestJS, a list',
    { statusCode: 400, message: ['title is empty', 'title is no text'], error: 'Bad Request' },
    { message: 'title is empty; title is no text' },
  ],
  ['NestJS, a text', { statusCode: 400, message: 'no such list', error: 'Bad Request' }, { message: 'no such list' }],
  [
    'Strapi',
    {
      data: null,
      error: {
        status: 400,
        name: 'ValidationError',
        message: '2 errors',
        details: { errors: [{ path: ['a', 'b'], message: 'must be', name: 'ValidationError' }] },
      },
    },
    { code: 'ValidationError', message: '2 errors', fields: { 'a.b': 'must be' } },
  ],
  [
    'Directus',
    { errors: [{ message: 'Has to be unique.', extensions: { code: 'RECORD_NOT_UNIQUE', field: 'title' } }] },
    { code: 'RECORD_NOT_UNIQUE', fields: { title: 'Has to be unique.' } },
  ],
  [
    'GraphQL',
    { errors: [{ message: 'boom', path: ['createTodo'], extensions: { code: 'BAD_USER_INPUT' } }] },
    { code: 'BAD_USER_INPUT', message: 'boom' },
  ],
  [
    'FastAPI',
    { detail: [{ loc: ['body', 'title'], msg: 'required', type: 'missing', input: 'secret' }] },
    { fields: { title: 'required' } },
  ],
  [
    'FastAPI, of its own',
    { detail: { code: 'closed', message: 'The list is closed.' } },
    { code: 'closed', message: 'The list is closed.' },
  ],
  [
    'Spring, binding errors',
    {
      status: 400,
      error: 'Bad Request',
      message: 'Validation failed',
      errors: [{ field: 'title', defaultMessage: 'blank', rejectedValue: 'secret', code: 'NotBlank' }],
    },
    { code: 'NotBlank', message: 'Validation failed', fields: { title: 'blank' } },
  ],
  [
    'Spring',
    { status: 409, error: 'Conflict', message: 'constraint [uk_title]', path: '/todos/x' },
    { code: 'Conflict', message: 'constraint [uk_title]' },
  ],
  [
    'problem details',
    { title: 'Unprocessable', detail: 'Is blank', errors: { title: ['blank'] } },
    { message: 'Is blank', fields: { title: 'blank' } },
  ],
  [
    'problem details, invalid-params',
    { title: 'Not valid.', 'invalid-params': [{ name: 'age', reason: 'must be positive' }] },
    { message: 'Not valid.', fields: { age: 'must be positive' } },
  ],
  [
    'problem details, pointers',
    { title: 'Not valid.', errors: [{ detail: 'odd', pointer: '#/a~1b/c' }] },
    { message: 'Not valid.', fields: { 'a/b.c': 'odd' } },
  ],
  [
    'problem details, violations',
    { title: 'Not valid.', violations: [{ field: 'a', message: 'odd' }] },
    { message: 'Not valid.', fields: { a: 'odd' } },
  ],
  [
    'JSON:API',
    {
      errors: [
        {
          status: '422',
          code: 'blank',
          title: 'Invalid',
          detail: 'is blank',
          source: { pointer: '/data/attributes/title' },
        },
      ],
    },
    { code: 'blank', fields: { title: 'is blank' } },
  ],
  [
    'PostgREST',
    { code: '23505', message: 'duplicate key', details: 'Key (id)=(1) exists.', hint: 'Choose another.' },
    { code: '23505', message: 'duplicate key (Key (id)=(1) exists. Choose another.)' },
  ],
  [
    'express-validator',
    { errors: [{ type: 'field', msg: 'Invalid', path: 'email', value: 'secret' }] },
    { fields: { email: 'Invalid' } },
  ],
  [
    'Mongoose',
    { errors: { title: { message: 'too long', path: 'title', kind: 'maxlength', value: 'secret' } } },
    { fields: { title: 'too long' } },
  ],
  ['a text as JSON', 'title is too long', { message: 'title is too long' }],
  ['the row that was sent', { id: 'x', title: 'secret', tags: ['secret'] }, {}],
  ['a list of rows', [{ id: 'x', title: 'secret' }], {}],
  ['nothing', {}, {}],
  ['null', null, {}],
];

describe('the reason of a refusal', () => {
  test.each(shapes)('%s', (_, body, expected) => {
    expect(refusalOf(body)).toEqual(expected);
  });

  test.each([
    ['title is\n  too long', 'title is too long'],
    [
      '<!doctype html><html><head><title>Blocked</title><style>p{}</style></head><body><p>x</p></body></html>',
      'Blocked',
    ],
    ['<html><body><h1>Forbidden</h1></body></html>', 'Forbidden'],
    ['<p>Nope</p><script>alert(1)</script>', 'Nope'],
    ['x'.repeat(10_000), `${'x'.repeat(300)}…`],
  ])('an excerpt of text that is not JSON', (text, message) => {
    expect(refusalOfText(text)).toEqual({ message });
  });

  test('F-93: any JSON gives bounded messages without throwing', () => {
    const keys = fc.constantFrom(
      'error',
      'errors',
      'message',
      'detail',
      'details',
      'title',
      'field',
      'path',
      'loc',
      'source',
      'pointer',
      'extensions',
      '__proto__',
      'x',
    );
    const tree = fc.letrec<{ node: Json }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 6 },
        fc.constantFrom<Json>(null, 1, true, '', 'a b', 'y'.repeat(2_000)),
        fc.array(tie('node'), { maxLength: 30 }),
        fc.dictionary(keys, tie('node'), { maxKeys: 6 }),
      ),
    })).node;
    fc.assert(
      fc.property(tree, (body) => {
        const { code = '', message = '', fields = {} } = refusalOf(body);
        expect(code.length).toBeLessThanOrEqual(101);
        expect(message.length).toBeLessThanOrEqual(301);
        expect(Object.keys(fields).length).toBeLessThanOrEqual(20);
        for (const [field, reason] of Object.entries(fields))
          expect(field.length + reason.length).toBeLessThanOrEqual(301 + 500);
      }),
    );
  });
});

/** The one result of an operation that is refused with this body, alone or as an item of a batch. */
async function refused(
  how: 'alone' | 'item' | 'error of an item',
  body: Json,
  options: Partial<RestTransportOptions> = {},
) {
  if (how === 'alone') return pushOne(edit('a'), (exchange) => exchange.reply(422, body), options);
  const item = how === 'error of an item' ? { error: body } : body;
  return pushOne(
    edit('a'),
    (exchange) => {
      const [op] = exchange.json['ops'] as { opId: string }[];
      exchange.reply(200, { results: [{ opId: op?.opId, statusCode: 422, ...(item as object) }] });
    },
    { ...options, enableBatch: true },
  );
}

describe.each(['alone', 'item', 'error of an item'] as const)('a refused operation, %s', (how) => {
  test("shows the server's message", async () => {
    const result = await refused(how, { title: 'Unprocessable', detail: 'Is blank', errors: { title: ['blank'] } });
    expect(result).toEqual({ type: 'pushRejected', statusCode: 422, message: 'Is blank', fields: { title: 'blank' } });
  });

  test('readRefusal reads what no rule recognises, and undefined leaves the rest to the rules', async () => {
    const options: Partial<RestTransportOptions> = {
      readRefusal: ({ body, op, status }) =>
        typeof body === 'object' && body !== null && 'Fehler' in body
          ? { code: 'own', message: `${op.id}: ${String(body['Fehler'])} (${status})`, fields: { title: 'zu lang' } }
          : undefined,
    };
    expect(await refused(how, { Fehler: 'zu lang' }, options)).toEqual({
      type: 'pushRejected',
      statusCode: 422,
      code: 'own',
      message: 'a: zu lang (422)',
      fields: { title: 'zu lang' },
    });
    expect(await refused(how, { message: 'too long' }, options)).toMatchObject({
      type: 'pushRejected',
      message: 'too long',
    });
  });

  test('I13: a throw or an invalid result in readRefusal loses neither the outcome nor the message', async () => {
    const readRefusal = (): never => {
      throw new Error('a bug');
    };
    expect(await refused(how, { message: 'too long' }, { readRefusal })).toMatchObject({
      type: 'pushRejected',
      statusCode: 422,
      message: 'too long (readRefusal failed: a bug)',
    });
    const nonsense = (() => ({
      code: 5,
      message: {},
      fields: { title: 7, done: 'x'.repeat(1_000) },
    })) as unknown as RestTransportOptions['readRefusal'];
    expect(await refused(how, {}, { readRefusal: nonsense })).toMatchObject({
      type: 'pushRejected',
      message: 'upsert of todos/a was refused with 422',
      fields: { done: `${'x'.repeat(300)}…` },
    });
  });
});

test('quotes plain text and pages, for a refusal and for a 403', async () => {
  expect(await pushOne(edit('a'), (exchange) => exchange.replyText(400, 'title is too long'))).toMatchObject({
    type: 'pushRejected',
    message: 'title is too long',
  });
  const page = '<html><head><title>Blocked by the firewall</title></head></html>';
  expect(await pushOne(edit('a'), (exchange) => exchange.replyText(403, page))).toMatchObject({
    type: 'pushForbidden',
    message: 'Blocked by the firewall',
  });
  const seen: string[] = [];
  const readRefusal: RestTransportOptions['readRefusal'] = ({ text }) => {
    seen.push(text);
    return { message: 'own words' };
  };
  expect(await pushOne(edit('a'), (exchange) => exchange.replyText(400, 'E42'), { readRefusal })).toMatchObject({
    message: 'own words',
  });
  expect(seen).toEqual(['E42']);
});

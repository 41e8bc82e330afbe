import { expect, test } from 'vitest';
import { amendedFields, parsePatch, proposalOf } from '../../src/devtools/views/amendment.ts';

const operation = { payload: { id: 'a', title: 'Milk', tags: ['home'] }, changedFields: ['title', 'tags'] };

test('an amendment starts with the fields that the operation changes, and names each changed value', () => {
  expect(JSON.parse(proposalOf(operation))).toEqual({ title: 'Milk', tags: ['home'] });
  expect(amendedFields(operation, { title: 'Oat milk', tags: ['home'], done: true })).toEqual([
    { name: 'title', before: 'Milk', after: 'Oat milk' },
    { name: 'done', before: undefined, after: true },
  ]);
});

test('does not send a value that is not an object', () => {
  expect([parsePatch('{"title":"x"}'), parsePatch('[1]'), parsePatch('{')]).toEqual([
    { title: 'x' },
    'Write an object, such as { "title": "Milk" }.',
    expect.stringMatching(/^This is not JSON: /),
  ]);
});

import { version } from 'react';
import { version as domVersion } from 'react-dom';
import { beforeAll, expect, inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** The release of React that the project runs on. */
    readonly react: '18' | '19';
  }
}

// An alias that misses would run the stories on React 19 twice.
beforeAll(() => {
  const expected = inject('react');
  expect([version, domVersion].map((text) => text.split('.')[0])).toEqual([expected, expected]);
});

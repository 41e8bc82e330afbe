import { useMemo } from 'react';
import { englishWords } from './english-words.ts';
import type { SomeWords, SyncUiWords } from './ui-words.ts';

/** Fills the words that are missing with English ones. */
export function completeWords(words: SomeWords): SyncUiWords {
  const given: Readonly<Record<string, object | undefined>> = words;
  return Object.fromEntries(
    Object.entries(englishWords).map(([group, english]: [string, object]) => {
      const own = given[group];
      return [group, typeof own === 'object' ? { ...english, ...own } : (own ?? english)];
    }),
  ) as object as SyncUiWords;
}

const noWords: SomeWords = {};

export const useWords = (words: SomeWords = noWords): SyncUiWords => useMemo(() => completeWords(words), [words]);

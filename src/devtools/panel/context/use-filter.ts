import { useState } from 'react';

export interface Filtering<Filter> {
  readonly filter: Filter;
  readonly isFiltered: boolean;
  readonly narrow: (parts: Partial<Filter>) => void;
}

/** What a list is narrowed to. A part that is undefined lets everything through. */
export function useFilter<Filter extends object>(none: Filter): Filtering<Filter> {
  const [filter, setFilter] = useState(none);
  return {
    filter,
    isFiltered: Object.values(filter).some((value) => value !== undefined),
    narrow: (parts) => setFilter((before) => ({ ...before, ...parts })),
  };
}

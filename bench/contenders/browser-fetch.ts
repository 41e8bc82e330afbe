import type { CityJson } from '../city-rows.ts';
import { pageSize } from './browser-page.ts';

interface CityPage {
  readonly items: readonly CityJson[];
  readonly hasMore: boolean;
}

async function fetchPage(after: CityJson | undefined): Promise<CityPage> {
  const query = new URLSearchParams({ limit: String(pageSize) });
  if (after !== undefined) query.set('afterId', after.id);
  return (await fetch(`/cities?${query}`)).json() as Promise<CityPage>;
}

/** Fetches the same pages as the engine, the next one while the last is stored, as the engine does. */
export async function pullPages(
  store: (rows: readonly CityJson[], cursor: string) => Promise<unknown>,
): Promise<number> {
  let stored = 0;
  let coming = fetchPage(undefined);
  for (;;) {
    const { items, hasMore } = await coming;
    const last = items.at(-1);
    if (last === undefined) return stored;
    if (hasMore) coming = fetchPage(last);
    await store(items, last.id);
    stored += items.length;
    if (!hasMore) return stored;
  }
}

/** A city that no server knows, for databases that are filled. */
export const madeCity = (index: number): CityJson => ({
  id: `id-${index}`,
  name: `City ${index}`,
  country: 'XX',
  featureCode: 'PPL',
  adminCode: '00',
  population: index,
  lat: 0.5,
  lon: 0.5,
  updatedAt: '2025-01-01T00:00:00.000000Z',
});

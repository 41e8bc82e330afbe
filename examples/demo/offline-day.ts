import type { City, Country } from './tables.ts';

/** What one user does while there is no server; counts are of operations queued. */
export interface DayPlan {
  readonly cityEdits: readonly string[];
  readonly countryEdits: readonly string[];
  readonly cityDeletes: readonly string[];
  readonly cityCreates: number;
}

/** The few writes that the day needs, so that this file is about the day and not about databases. */
export interface DayWriter {
  editCity(id: string, change: (city: City) => Partial<City>): Promise<void>;
  editCountry(id: string, change: (country: Country) => Partial<Country>): Promise<void>;
  createCity(city: Pick<City, 'id' | 'name' | 'country' | 'population'>): Promise<void>;
  deleteCity(id: string): Promise<void>;
}

export type Random = () => number;

const perUser = { cityEdits: 110, countryEdits: 12, deletes: 12, creates: 16 } as const;
/** Rows that both users happen to touch: edit against edit, edit against delete, delete against delete. */
const shared = { cityEdits: 24, countryEdits: 6, editedAndDeleted: 5, deletedTwice: 2 } as const;

export const operationsPerUser = perUser.cityEdits + perUser.countryEdits + perUser.deletes + perUser.creates;
/** How many rows both users touch. */
export const sharedRows = shared.cityEdits + shared.countryEdits + shared.editedAndDeleted + shared.deletedTwice;

/** Draws who touches what. The two plans meet on `shared` rows and nowhere else. */
export function planDay(
  cityIds: readonly string[],
  countryIds: readonly string[],
  random: Random,
): readonly [DayPlan, DayPlan] {
  const drawCity = drawWithout(cityIds, random);
  const drawCountry = drawWithout(countryIds, random);
  const common = {
    edits: drawCity(shared.cityEdits),
    countries: drawCountry(shared.countryEdits),
    editedAndDeleted: drawCity(shared.editedAndDeleted),
    deletes: drawCity(shared.deletedTwice),
  };
  const plan = (editsTheDeleted: boolean): DayPlan => {
    const edits = editsTheDeleted ? [...common.edits, ...common.editedAndDeleted] : common.edits;
    const deletes = editsTheDeleted ? common.deletes : [...common.deletes, ...common.editedAndDeleted];
    return {
      cityEdits: [...edits, ...drawCity(perUser.cityEdits - edits.length)],
      countryEdits: [
        ...common.countries,
        ...drawCountry(Math.min(perUser.countryEdits, countryIds.length / 3) - common.countries.length),
      ],
      cityDeletes: [...deletes, ...drawCity(perUser.deletes - deletes.length)],
      cityCreates: perUser.creates,
    };
  };
  return [plan(false), plan(true)];
}

/** Lives through the day: local writes only, each queued in its own transaction. */
export async function liveThroughDay(who: string, plan: DayPlan, writer: DayWriter, random: Random): Promise<number> {
  for (const id of plan.cityEdits) {
    const growth = 1 + Math.floor(random() * 500);
    // Some edits rename, most count people: a row is a mixture of both users' work only where a strategy says so.
    await writer.editCity(id, (city) =>
      random() < 0.2 ? { name: `${city.name} (${who})` } : { population: city.population + growth },
    );
  }
  for (const id of plan.countryEdits) await writer.editCountry(id, () => ({ motto: `${who} was here` }));
  for (let number = 1; number <= plan.cityCreates; number += 1) {
    await writer.createCity({
      id: `${who.toLowerCase()}-${number}`,
      name: `New ${who} ${number}`,
      country: 'XX',
      population: Math.floor(random() * 10_000),
    });
  }
  for (const id of plan.cityDeletes) await writer.deleteCity(id);
  return plan.cityEdits.length + plan.countryEdits.length + plan.cityCreates + plan.cityDeletes.length;
}

/** Draws without putting back. */
function drawWithout(ids: readonly string[], random: Random): (count: number) => string[] {
  const left = [...ids];
  return (count) =>
    Array.from({ length: Math.max(0, Math.floor(count)) }, () =>
      left.splice(Math.floor(random() * left.length), 1),
    ).flat();
}

import * as v from 'valibot';
import { hookName } from '../../src/devtools/bridge/page-hook.ts';
import { parseEngines } from '../../src/devtools/bridge/parse-exchange.ts';
import { visitFrame } from './visit-frame.ts';

/** An engine of the inspected page. */
export interface FoundEngine {
  readonly id: string;
  /** As a person tells it from the others. */
  readonly label: string;
  /** The same after a reload of the page. */
  readonly key: string;
}

export interface Visit {
  readonly engines: readonly FoundEngine[];
  /** What the asked engine said; absent where it is not there any more. */
  readonly answer?: string | undefined;
}

/** The page that the devtools look at. Rejects where it cannot be looked into. */
export interface InspectedPage {
  visit(engineId?: string, request?: string): Promise<Visit>;
}

/**
 * Gives the value of an expression in a frame of the page: in the one with this address, else in the topmost. Rejects
 * with why there is none.
 */
export type Evaluate = (expression: string, frameUrl?: string) => Promise<unknown>;

/** Between two looks into frames of other sites, ms. */
const othersEveryMs = 1_000;
/** A page may say what it likes; so many engines are listed. */
const mostEngines = 50;
const longestName = 80;

const frameVisit = v.object({
  origin: v.string(),
  hooks: v.array(v.object({ place: v.string(), url: v.string(), engines: v.string() })),
  answer: v.optional(v.string()),
});
type CheckedVisit = v.InferOutput<typeof frameVisit>;

interface Located extends Omit<FoundEngine, 'label' | 'key'> {
  readonly name: string;
  /** Address of the visited frame; absent: the topmost one. */
  readonly frameUrl?: string | undefined;
  readonly place: string;
  readonly url: string;
}

/** `documents` gives the addresses of all frames, or those that are known. */
export function createInspectedPage(
  evaluate: Evaluate,
  documents: () => Promise<readonly string[]>,
  now = (): number => performance.now(),
): InspectedPage {
  let elsewhere: readonly Located[] = [];
  let lookedAt = Number.NEGATIVE_INFINITY;

  const look = async (frameUrl?: string, request?: string): Promise<CheckedVisit> => {
    const result = await evaluate(
      `(${visitFrame.toString()})(${JSON.stringify(hookName)}, ${JSON.stringify(request)})`,
      frameUrl,
    );
    const checked = v.safeParse(frameVisit, result);
    if (!checked.success) throw new Error('the page answered with something else');
    return checked.output;
  };
  const locate = ({ hooks }: CheckedVisit, frameUrl?: string): readonly Located[] =>
    hooks.flatMap(({ place, url, engines }) =>
      parseEngines(engines).map(({ id, name }) => ({ id, name: name.slice(0, longestName), frameUrl, place, url })),
    );

  /** Frames of other sites cannot be walked into: each is visited by its address. */
  const lookElsewhere = async (origin: string): Promise<readonly Located[]> => {
    if (now() - lookedAt < othersEveryMs) return elsewhere;
    lookedAt = now();
    const urls = new Set((await documents()).filter((url) => originOf(url) !== origin && originOf(url) !== 'null'));
    const visits = await Promise.allSettled([...urls].map(async (url) => locate(await look(url), url)));
    return visits.flatMap((visit) => (visit.status === 'fulfilled' ? visit.value : []));
  };

  return {
    visit: async (engineId, request) => {
      const frameUrl = elsewhere.find(({ id }) => id === engineId)?.frameUrl;
      const top = await look(undefined, frameUrl === undefined ? request : undefined);
      const answer = frameUrl === undefined ? top.answer : (await look(frameUrl, request)).answer;
      elsewhere = await lookElsewhere(top.origin);
      return { engines: named([...locate(top), ...elsewhere]), answer };
    },
  };
}

function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : 'null';
}

/**
 * Names as they are, with their frame where it is not the page itself, and with a number where that does not tell them
 * apart.
 */
function named(located: readonly Located[]): readonly FoundEngine[] {
  const unique = [...new Map(located.map((engine) => [engine.id, engine])).values()].slice(0, mostEngines);
  const counts = new Map<string, number>();
  return unique.map(({ id, name, frameUrl, place, url }) => {
    const where = frameUrl === undefined && place === '' ? '' : ` in ${pathOf(url, frameUrl !== undefined)}`;
    const base = `${name === '' ? 'engine' : name}${where}`;
    const count = (counts.get(base) ?? 0) + 1;
    counts.set(base, count);
    return {
      id,
      label: count === 1 ? base : `${base} (${count})`,
      key: JSON.stringify([name, frameUrl === undefined ? '' : originOf(frameUrl), place, count]),
    };
  });
}

const pathOf = (url: string, isElsewhere: boolean): string => {
  if (!URL.canParse(url)) return 'a frame';
  const { host, pathname } = new URL(url);
  return (isElsewhere ? host : '') + pathname.slice(0, longestName);
};

import { aFunction, isListOfTexts, isRecordOfTexts, valueThat } from '../model/options/bounds.ts';
import { completeOptions, ownedBy } from '../model/options/complete-options.ts';
import { byDefault, optional, type OptionList } from '../model/options/option-list.ts';
import { abortCases } from './conformance/abort-cases.ts';
import { conflictCases } from './conformance/conflict-cases.ts';
import type {
  ConformanceCase,
  ConformanceFeature,
  ConformanceSubject,
  ConformanceTopic,
} from './conformance/conformance-subject.ts';
import { deleteCases } from './conformance/delete-cases.ts';
import { failureCases } from './conformance/failure-cases.ts';
import { fetchCases } from './conformance/fetch-cases.ts';
import { identityCases } from './conformance/identity-cases.ts';
import { pullCases } from './conformance/pull-cases.ts';
import { pushCases } from './conformance/push-cases.ts';
import { refusalCases } from './conformance/refusal-cases.ts';
import { subscribeCases } from './conformance/subscribe-cases.ts';
import { writeCases } from './conformance/write-cases.ts';

/** The two required functions of a test runner; those of Vitest, Jest or node:test fit. */
export interface ConformanceRunner {
  /** Groups tests. @defaultValue the global one */
  describe(name: string, body: () => void): void;
  /** Registers a test. @defaultValue the global one */
  test(name: string, body: () => Promise<void>): void;
}

/** How {@link transportConformance} registers its tests. */
export interface ConformanceOptions extends Partial<ConformanceRunner> {
  /**
   * Features that the backend lacks, or that its test cannot trigger, each with the reason. Cases that need them do not
   * run; a separate test counts them.
   */
  readonly lacks?: Readonly<Partial<Record<ConformanceFeature, string>>>;
  /** Runs only cases of these topics. @defaultValue all */
  readonly about?: readonly ConformanceTopic[];
}

/** Bounds of {@link ConformanceOptions}. */
export const conformanceOptions = {
  describe: optional(aFunction),
  test: optional(aFunction),
  lacks: byDefault({}, valueThat('an object of reasons by feature', isRecordOfTexts)),
  about: optional(valueThat('a list of topics', isListOfTexts)),
} satisfies OptionList<ConformanceOptions>;

/** The cases themselves, for other test runners. */
export const conformanceCases: readonly ConformanceCase[] = [
  ...writeCases,
  ...identityCases,
  ...conflictCases,
  ...deleteCases,
  ...pullCases,
  ...pushCases,
  ...fetchCases,
  ...abortCases,
  ...failureCases,
  ...refusalCases,
  ...subscribeCases,
];

/**
 * Registers the tests that every transport adapter must pass against a working server. The engine relies on nothing
 * else. Each case gets its own subject from `factory`. Without `describe` and `test`, the global ones are used; throws
 * `TypeError` if there are none.
 */
export function transportConformance(
  name: string,
  factory: () => ConformanceSubject | Promise<ConformanceSubject>,
  given: ConformanceOptions = {},
): void {
  const { lacks, about, ...runner } = completeOptions<ConformanceOptions, typeof conformanceOptions>(
    ownedBy('transportConformance'),
    conformanceOptions,
    given,
  );
  const { describe, test } = toRunner(runner);
  const chosen = conformanceCases.filter((one) => about === undefined || about.includes(one.about));
  describe(`${name} keeps to the transport contract`, () => {
    for (const { title, needs, run } of chosen) {
      if (needs.some((feature) => lacks[feature] !== undefined)) continue;
      test(title, async () => {
        const subject = await factory();
        try {
          await run(subject);
        } finally {
          await subject.dispose?.();
        }
      });
    }
    for (const [feature, reason] of Object.entries(lacks)) {
      const left = chosen.filter(({ needs }) => needs.some((need) => need === feature)).length;
      // Reported as a test, so that skipped cases are visible.
      test(`does not claim '${feature}' (${left} cases): ${reason}`, async () => {
        if (reason.trim() === '') throw new Error(`lacks.${feature} needs a reason`);
      });
    }
  });
}

type GivenRunner = { readonly [Name in keyof ConformanceRunner]: ConformanceRunner[Name] | undefined };

function toRunner({ describe: group, test: register }: GivenRunner): ConformanceRunner {
  if (group !== undefined && register !== undefined) return { describe: group, test: register };
  const describe: unknown = Reflect.get(globalThis, 'describe');
  const test: unknown = Reflect.get(globalThis, 'test');
  if (typeof describe !== 'function' || typeof test !== 'function') {
    throw new TypeError(
      'transportConformance found no global describe and test; give them as third argument: { describe, test }',
    );
  }
  return {
    describe: (name, body) => {
      Reflect.apply(describe, undefined, [name, body]);
    },
    test: (name, body) => {
      Reflect.apply(test, undefined, [name, body]);
    },
  };
}

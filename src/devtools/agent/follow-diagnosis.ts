import { firstValueFrom, type Subscription } from 'rxjs';
import type { SyncEngine } from '../../engine/api/sync-engine.ts';
import type { Json } from '../../model/values/json.ts';
import { describeDiagnosis, describeRemedy } from '../../rules/diagnosis/describe-diagnosis.ts';
import type { Diagnosis } from '../../rules/diagnosis/diagnosis.ts';
import type { DiagnosisView } from '../protocol/engine-view.ts';

export interface DiagnosisFollower {
  /** Follows the diagnosis while somebody looks: it costs a reading of the queue after each change. */
  need(isWatched: boolean): void;
  /** The newest; undefined before the first, and while nobody looks. */
  read(): readonly DiagnosisView[] | undefined;
  /** The present one, whoever looks. */
  ask(): Promise<readonly DiagnosisView[]>;
}

/** The findings of an engine in words, for panels and saved files. */
export function followDiagnosis(
  engine: SyncEngine,
  redact: (value: unknown) => Json,
  onChange: () => void,
): DiagnosisFollower {
  let following: Subscription | undefined;
  let newest: readonly DiagnosisView[] | undefined;
  const shown = (findings: readonly Diagnosis[]): readonly DiagnosisView[] =>
    findings.map((finding) => ({
      code: finding.code,
      level: finding.level,
      text: String(redact(describeDiagnosis(finding))),
      remedies: finding.remedies.map(describeRemedy),
      codes: finding.remedies,
    }));
  return {
    need: (isWatched) => {
      if (isWatched === (following !== undefined)) return;
      if (isWatched) {
        following = engine.diagnosis$.subscribe((findings) => {
          newest = shown(findings);
          onChange();
        });
        return;
      }
      following?.unsubscribe();
      following = undefined;
      newest = undefined;
    },
    read: () => newest,
    ask: async () => newest ?? shown(await firstValueFrom(engine.diagnosis$, { defaultValue: [] })),
  };
}

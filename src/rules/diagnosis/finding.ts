import { findings, type Diagnosis, type DiagnosisCode, type DiagnosisEvidence } from './diagnosis.ts';

/** The evidence found, by code. */
export type Evidence = { readonly [Code in DiagnosisCode]?: DiagnosisEvidence[Code] | undefined };

/** Builds a finding; the single place that joins code and evidence. Both come from {@link DiagnosisEvidence}. */
export const finding = <Code extends DiagnosisCode>(
  code: Code,
  evidence: DiagnosisEvidence[DiagnosisCode],
): Diagnosis => ({ code, evidence, ...findings[code] }) as Diagnosis;

/** The findings, most important first. */
export const findingsOf = (evidence: Evidence): readonly Diagnosis[] =>
  (Object.keys(findings) as DiagnosisCode[]).flatMap((code) => {
    const shown = evidence[code];
    return shown === undefined ? [] : [finding(code, shown)];
  });

export const only = <T>(holds: boolean, evidence: T): T | undefined => (holds ? evidence : undefined);

import { findings, type Diagnosis, type DiagnosisCode, type DiagnosisEvidence } from './diagnosis.ts';

/** What was found, by code. */
export type Evidence = { readonly [Code in DiagnosisCode]?: DiagnosisEvidence[Code] | undefined };

/** The one place where code and evidence meet; both come from {@link DiagnosisEvidence}. */
export const finding = <Code extends DiagnosisCode>(
  code: Code,
  evidence: DiagnosisEvidence[DiagnosisCode],
): Diagnosis => ({ code, evidence, ...findings[code] }) as Diagnosis;

/** The findings, the most important first. */
export const findingsOf = (evidence: Evidence): readonly Diagnosis[] =>
  (Object.keys(findings) as DiagnosisCode[]).flatMap((code) => {
    const shown = evidence[code];
    return shown === undefined ? [] : [finding(code, shown)];
  });

export const only = <T>(holds: boolean, evidence: T): T | undefined => (holds ? evidence : undefined);

import type { DescribeDiagnosisOptions } from '../../rules/diagnosis/describe-diagnosis.ts';
import type { DiagnosisCode, DiagnosisEvidence, Remedy } from '../../rules/diagnosis/diagnosis.ts';

/** What a conflict is about: who edited, who deleted. `createdHere`: the server has a deleted row with the new id. */
export type ConflictSituation = 'edited' | 'deletedHere' | 'deletedThere' | 'createdHere';

/** A decision: yours, the server's, or the row that the fields make. */
export type ConflictChoice = 'mine' | 'theirs' | 'merged';

type Finding = {
  readonly [Code in DiagnosisCode]: (evidence: DiagnosisEvidence[Code], options: DescribeDiagnosisOptions) => string;
};

/** All words of `synchart/react/ui`. Give components those that you translate; the rest is English. */
export interface SyncUiWords {
  /** Each finding in one to four words, for the indicator and for headings. */
  readonly labels: Readonly<Record<DiagnosisCode, string>>;
  /** Each finding in one or two sentences. */
  readonly findings: Finding;
  readonly remedies: Readonly<Record<Remedy, string>>;
  readonly indicator: {
    readonly title: string;
    readonly close: string;
    /** What the number beside the label means. */
    readonly waiting: (count: number) => string;
    /** `span` is as {@link SyncUiWords.span} says it. */
    readonly lastSynced: (span: string) => string;
    readonly failed: (message: string) => string;
  };
  /** A time that has passed, in ms. */
  readonly span: (ms: number) => string;
  readonly conflict: {
    /** The notice: how many conflicts wait. */
    readonly notice: (count: number) => string;
    readonly noticeHint: string;
    readonly open: string;
    readonly title: (record: string) => string;
    readonly situations: Readonly<Record<ConflictSituation, string>>;
    readonly position: (index: number, count: number) => string;
    readonly previous: string;
    readonly next: string;
    readonly before: string;
    readonly mine: string;
    readonly theirs: string;
    readonly own: string;
    /** The label of the input for another value. */
    readonly ownValue: (field: string) => string;
    readonly uncontested: (count: number) => string;
    readonly mergedHint: string;
    readonly keepMine: Readonly<Record<ConflictSituation, string>>;
    readonly keepTheirs: Readonly<Record<ConflictSituation, string>>;
    readonly keepMerged: string;
    readonly later: string;
    /** The server has another version than the one that was shown. */
    readonly renewed: string;
    /** Somebody else decided it, or the server settled it. */
    readonly gone: string;
    readonly goOn: string;
    readonly decided: Readonly<Record<ConflictChoice, (record: string) => string>>;
  };
  readonly rejected: {
    readonly title: (record: string) => string;
    readonly deletion: (record: string) => string;
    /** Nobody knows whether the server has it. */
    readonly ambiguous: string;
    readonly send: string;
    readonly retry: string;
    readonly drop: string;
    readonly sent: (record: string) => string;
    readonly dropped: (record: string) => string;
    readonly reading: string;
  };
  readonly done: {
    readonly undo: string;
    readonly undone: string;
    readonly cannotUndo: (message: string) => string;
    readonly dismiss: string;
  };
  readonly values: {
    readonly none: string;
    readonly empty: string;
    readonly yes: string;
    readonly no: string;
    readonly notANumber: string;
    readonly notJson: string;
  };
  readonly storage: { readonly reload: string };
}

/** Words by group; what is missing stays as it is. */
export type SomeWords = {
  readonly [Group in keyof SyncUiWords]?: SyncUiWords[Group] extends (...given: never) => unknown
    ? SyncUiWords[Group]
    : Partial<SyncUiWords[Group]>;
};

/** A fault that somebody could make, as the text it changes. */
export interface Mutant {
  /** What is wrong now, in the words of the invariant. */
  readonly fault: string;
  /** Below `src`. */
  readonly file: string;
  /** Text that occurs exactly once in the file, and what stands there instead. */
  readonly edits: readonly (readonly [from: string, to: string])[];
  /** Below `test`: the few files of which one must turn red. */
  readonly tests: readonly string[];
}

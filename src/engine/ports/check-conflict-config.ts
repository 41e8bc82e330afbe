import { conflictStrategies, fieldRules, type TableConflictConfig } from '../../model/conflict.ts';
import { aFunction, anObject, oneOf } from '../../model/options/bounds.ts';
import { checkOptions, type OptionOwner } from '../../model/options/complete-options.ts';
import { optional, type OptionList } from '../../model/options/option-list.ts';

/** Bounds of {@link TableConflictConfig}. */
export const conflictOptions = {
  strategy: optional(oneOf(...conflictStrategies)),
  resolver: optional(aFunction),
  mergeFunction: optional(aFunction),
  fields: optional(anObject),
  deleteConflict: optional(oneOf('keep', 'delete')),
} satisfies OptionList<TableConflictConfig>;

/** Throws `TypeError` that names the kind and an invalid conflict setting (F-13). */
export function checkConflictConfig(kind: string, config: TableConflictConfig): void {
  const nameOf = (name: string): string => `conflict.${name} of kind '${kind}'`;
  const owner: OptionOwner = {
    options: `conflict of kind '${kind}'`,
    option: nameOf,
    unknown: (name) => `${nameOf(name)} is not a setting`,
    error: TypeError,
  };
  checkOptions(owner, conflictOptions, config);
  for (const [field, rule] of Object.entries(config.fields ?? {})) {
    if (typeof rule !== 'function' && !fieldRules.includes(rule))
      throw new TypeError(`${nameOf(`fields.${field}`)} must be a function or one of ${fieldRules.join(', ')}`);
  }
}

import { conflictStrategies, fieldRules, type TableConflictConfig } from '../../model/conflict.ts';

/** Throws `TypeError` naming the kind and the setting that a table's conflicts cannot be decided with (F-13). */
export function checkConflictConfig(kind: string, config: TableConflictConfig): void {
  const check = (name: string, isFine: boolean, expected: string): void => {
    if (!isFine) throw new TypeError(`conflict.${name} of kind '${kind}' must be ${expected}`);
  };
  const isFunction = (value: unknown): boolean => value === undefined || typeof value === 'function';
  const { strategy, resolver, mergeFunction, deleteConflict, fields = {} } = config;
  check('strategy', strategy === undefined || conflictStrategies.includes(strategy), `one of ${conflictStrategies.join(', ')}`);
  check('resolver', isFunction(resolver), 'a function');
  check('mergeFunction', isFunction(mergeFunction), 'a function');
  check('deleteConflict', deleteConflict === undefined || deleteConflict === 'keep' || deleteConflict === 'delete', "'keep' or 'delete'");
  for (const [field, rule] of Object.entries(fields)) {
    check(`fields.${field}`, typeof rule === 'function' || fieldRules.includes(rule), `a function or one of ${fieldRules.join(', ')}`);
  }
}

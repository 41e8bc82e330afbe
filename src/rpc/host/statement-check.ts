import { controlWordOf } from '../../persistence/sql/control-word.ts';
import { hasSeveralStatements } from '../../persistence/sql/several-statements.ts';
import { writtenBy } from '../../persistence/sql/written-tables.ts';
import { ProtocolError } from '../../model/errors/errors.ts';
import { foreignKeysPragmaOf } from '../protocol/foreign-keys.ts';

const excerpt = (sql: string): string => sql.slice(0, 80);

/** Throws `ProtocolError` for a text that would change whose transaction is open. */
export function checkStatement(sql: string, where: 'inside' | 'reading' | 'writing'): void {
  if (hasSeveralStatements(sql))
    throw new ProtocolError(`this text holds more than one statement; send one at a time: ${excerpt(sql)}`);
  const control = controlWordOf(sql);
  if (control === 'begin' || control === 'commit' || control === 'rollback')
    throw new ProtocolError(`transactions begin and end by messages of their own, not by the text: ${excerpt(sql)}`);
  if (where === 'inside') return;
  if (control === 'savepoint' || control === 'rollbackTo')
    throw new ProtocolError(`a savepoint outside of a transaction is not supported: ${excerpt(sql)}`);
  if (where === 'reading' && writtenBy(sql) !== undefined)
    throw new ProtocolError(`a statement that writes needs a write id: ${excerpt(sql)}`);
  const pragma = foreignKeysPragmaOf(sql);
  if (pragma !== undefined && pragma !== 'asked')
    throw new ProtocolError(`foreign keys are set by the messages that write, not by the text: ${excerpt(sql)}`);
}

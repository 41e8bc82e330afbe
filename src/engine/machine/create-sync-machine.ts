import { assembleMachine, type ReadySyncMachine } from './assemble-machine.ts';
import { checkOptions, ownedBy } from '../../model/options/complete-options.ts';
import { composePorts } from '../ports/compose-ports.ts';
import { machineOptions, type SyncMachineOptions } from '../ports/engine-options.ts';

/**
 * Builds the chart over a database and a transport, ready for `interpret(machine).start()`. Throws `RangeError` that
 * names an invalid setting, or `TypeError` that names a table that cannot be synchronised. The caller must send facts
 * from outside (`network.offline`, `outbox.changed`). Pass a custom `clock` to `interpret`, too. `engineOf(actor)` adds
 * status, explanations and the panel.
 */
export function createSyncMachine(options: SyncMachineOptions): ReadySyncMachine {
  checkOptions(ownedBy('createSyncMachine'), machineOptions, options);
  const { ports, store } = composePorts(options);
  return assembleMachine(ports, { store, options }).machine;
}

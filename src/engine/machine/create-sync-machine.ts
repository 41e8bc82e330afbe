import { assembleMachine, type ReadySyncMachine } from './assemble-machine.ts';
import { checkOptions, ownedBy } from '../../model/options/complete-options.ts';
import { composePorts } from '../ports/compose-ports.ts';
import { machineOptions, type SyncMachineOptions } from '../ports/engine-options.ts';

/**
 * Builds the chart over a database and a transport, ready for `interpret(machine).start()`. Throws `RangeError` naming
 * a bad setting and `TypeError` naming a table that cannot be synchronised. Facts from outside (`network.offline`,
 * `outbox.changed`) are the caller's to send; with a `clock` of your own, give the same one to `interpret`.
 * `engineOf(actor)` adds status, explanations and the panel.
 */
export function createSyncMachine(options: SyncMachineOptions): ReadySyncMachine {
  checkOptions(ownedBy('createSyncMachine'), machineOptions, options);
  const { ports, store } = composePorts(options);
  return assembleMachine(ports, { store, options }).machine;
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { sqlite3Driver } from '../../src/persistence/drivers/sqlite3-driver.ts';
import { workerDriver } from '../support/open-rpc.ts';
import { expoSqliteDriver } from '../../src/persistence/drivers/phones/expo-sqlite-driver.ts';
import { opSqliteDriver } from '../../src/persistence/drivers/phones/op-sqlite-driver.ts';
import { expoStandIn, opSqliteStandIn } from '../support/phone-packages.ts';
import { driverContract } from './driver-contract.ts';

const folder = mkdtempSync(join(tmpdir(), 'synchart-drivers-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const nextFile = (): string => join(folder, `${(files += 1)}.db`);

driverContract('sqlite3 in memory', () => ({ type: 'expo', database: ':memory:', driver: sqlite3Driver() }));
driverContract('sqlite3 on a file', () => ({ type: 'expo', database: nextFile(), driver: sqlite3Driver() }));
driverContract('better-sqlite3 in memory', () => ({ type: 'better-sqlite3', database: ':memory:' }));
driverContract('better-sqlite3 on a file', () => ({
  type: 'better-sqlite3',
  database: nextFile(),
  enableWAL: true,
  timeout: 5,
}));
driverContract('rpc to a worker, in memory', () => {
  const database = `:memory:${(files += 1)}`;
  return { type: 'expo', database, driver: workerDriver(database) };
});
driverContract('rpc to a worker, on a file', () => {
  const database = nextFile();
  return { type: 'expo', database, driver: workerDriver(database) };
});
driverContract('sqljs in memory', () => ({ type: 'sqljs' }));
driverContract('sqljs on a file', () => ({ type: 'sqljs', location: nextFile(), autoSave: true }));
driverContract('expo-sqlite in memory', () => ({
  type: 'expo',
  database: ':memory:',
  driver: expoSqliteDriver(expoStandIn),
}));
driverContract('expo-sqlite on a file', () => ({
  type: 'expo',
  database: nextFile(),
  driver: expoSqliteDriver(expoStandIn),
}));
driverContract('op-sqlite in memory', () => ({
  type: 'expo',
  database: ':memory:',
  driver: opSqliteDriver(opSqliteStandIn),
}));
driverContract('op-sqlite on a file', () => ({
  type: 'expo',
  database: nextFile(),
  driver: opSqliteDriver(opSqliteStandIn),
}));

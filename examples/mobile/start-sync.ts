import { createRestSyncEngine, createTriggers, type SyncEngine, type SyncTable } from 'synchart';
import { openDatabase, type ReadyDriver } from 'synchart/persistence';
import type { EntitySchema } from 'typeorm';
import { appStateVisibility, netInfoConnectivity, type AppState, type NetInfo } from './ports.ts';

export interface Phone {
  /** `expoSqliteDriver(SQLite)` or `opSqliteDriver(OpSqlite)`, from `synchart/persistence`. */
  readonly driver: ReadyDriver;
  readonly netInfo: NetInfo;
  readonly appState: AppState;
}

export interface PhoneApp {
  /** The name of the file, in the app's own folder. */
  readonly database: string;
  readonly entities: readonly EntitySchema[];
  readonly tables: readonly SyncTable[];
  readonly baseUrl: string;
}

/** Opens the database of an app on a phone, and keeps it in step with its server. */
export async function startSync(phone: Phone, app: PhoneApp): Promise<SyncEngine> {
  const dataSource = await openDatabase({
    driver: phone.driver,
    database: app.database,
    entities: app.entities,
    synchronize: true,
  });
  const engine = createRestSyncEngine({
    dataSource,
    tables: app.tables,
    baseUrl: app.baseUrl,
    connectivity: netInfoConnectivity(phone.netInfo),
  });
  const triggers = createTriggers(engine, {
    pushOnOutboxChanges: true,
    pullOnStartup: true,
    visibility: appStateVisibility(phone.appState),
  });
  await triggers.start();
  return engine;
}

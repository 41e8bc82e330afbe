import type { DataSource } from 'typeorm';
import type { StoragePort } from '../../model/storage-status.ts';

/** The key is the app's object, so a map that forgets with it. */
const ports = new WeakMap<DataSource, StoragePort>();

/** Lets every engine over this DataSource show where it is kept. Call it before the engine is made. */
export const announceStorage = (dataSource: DataSource, port: StoragePort): void => void ports.set(dataSource, port);

/** Undefined for a database that no page keeps. */
export const storagePortOf = (dataSource: DataSource): StoragePort | undefined => ports.get(dataSource);

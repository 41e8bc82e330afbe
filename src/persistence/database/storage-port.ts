import type { DataSource } from 'typeorm';
import type { StoragePort } from '../../model/storage-status.ts';

/** A weak map, because the key is an object of the app. */
const ports = new WeakMap<DataSource, StoragePort>();

/** Registers the storage of a DataSource for every engine over it. Call it before the engine is created. */
export const announceStorage = (dataSource: DataSource, port: StoragePort): void => void ports.set(dataSource, port);

/** Undefined for a database outside a page. */
export const storagePortOf = (dataSource: DataSource): StoragePort | undefined => ports.get(dataSource);

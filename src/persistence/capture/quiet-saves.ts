import { EntityManager, EntitySchema, type DataSource, type QueryRunner } from 'typeorm';

const quiet = Symbol('save without listeners');

type Persist = (this: EntityManager, ...parameters: readonly unknown[]) => unknown;
interface Options {
  readonly listeners?: boolean;
  readonly data?: object;
}

/** True while a save runs whose caller wanted no listeners: the app's hear nothing of it. */
export const isQuiet = ({ data }: QueryRunner): boolean => typeof data === 'object' && Reflect.get(data, quiet) === true;

/** `save(entity, { listeners: false })` tells nobody of the entities it persists; capture has to hear of them. */
export function hearQuietSaves(dataSource: DataSource): void {
  const wrapped = Object.fromEntries(
    (['save', 'remove', 'softRemove', 'recover'] as const).map((name) => {
      const original = EntityManager.prototype[name] as Persist;
      const persist: Persist = function (...parameters) {
        return original.apply(this, [...heard(parameters)]);
      };
      return [name, persist];
    }),
  );
  const createEntityManager = dataSource.createEntityManager.bind(dataSource);
  dataSource.createEntityManager = (queryRunner) => Object.assign(createEntityManager(queryRunner), wrapped);
  Object.assign(dataSource.manager, wrapped);
}

function heard(parameters: readonly unknown[]): readonly unknown[] {
  const [first] = parameters;
  const hasTarget = parameters.length > 1 && (typeof first === 'function' || typeof first === 'string' || first instanceof EntitySchema);
  const at = hasTarget ? 2 : 1;
  const options = parameters[at] as Options | undefined;
  return options?.listeners === false ? parameters.with(at, { ...options, listeners: true, data: { ...options.data, [quiet]: true } }) : parameters;
}

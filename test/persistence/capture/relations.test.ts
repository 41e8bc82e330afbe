import { afterEach, describe, expect, test } from 'vitest';
import { ValidationError } from '../../../src/model/errors/errors.ts';
import { sqliteDrivers } from './open-capture.ts';
import { openShelf, type Shelf } from './shelf.ts';

const v1 = '2026-01-01T00:00:00.000Z';
const v2 = '2026-01-02T00:00:00.000Z';
const authorRow = (id: string, updatedAt = v1, changes = {}) => ({
  id,
  name: `name of ${id}`,
  updatedAt,
  deletedAt: null,
  ...changes,
});
const bookRow = (id: string, author_id: string | null, updatedAt = v1, changes = {}) => ({
  id,
  title: `title of ${id}`,
  author_id,
  updatedAt,
  deletedAt: null,
  ...changes,
});

describe.each(sqliteDrivers)('relations on %s', (driver) => {
  let shelf: Shelf;
  afterEach(() => shelf.close());
  const ids = async (): Promise<readonly unknown[]> =>
    (await shelf.queued()).map(({ kind, type, id, changed }) => [kind, type, id, ...((changed as string[]) ?? [])]);

  test('F-141: captures cascaded saves, parents first', async () => {
    shelf = await openShelf(driver);
    const { manager, author, book } = shelf;
    await manager.save(book, { id: 'b1', title: 't', author: { id: 'a1', name: 'n' }, labels: [{ name: 'l' }] });
    const [label] = await manager.find(shelf.label);
    expect(await ids()).toEqual([
      ['authors', 'upsert', 'a1'],
      ['books', 'upsert', 'b1'],
      ['labels', 'upsert', label?.id],
    ]);
    const ops = await shelf.outbox.take({ limit: 10 });
    expect(ops[1]).toMatchObject({ creates: true, payload: { id: 'b1', title: 't', author_id: 'a1' } });
    const found = await manager.findOneOrFail(author, { where: { id: 'a1' }, relations: { books: { labels: true } } });
    Object.assign(found.books?.[0] ?? {}, { title: 'changed' });
    Object.assign(found.books?.[0]?.labels?.[0] ?? {}, { name: 'changed' });
    await manager.save(author, found);
    expect((await ids()).slice(3)).toEqual([
      ['books', 'upsert', 'b1', 'title'],
      ['labels', 'upsert', label?.id, 'name'],
    ]);
  });

  test('F-140: does not restore a relation that the user did not change', async () => {
    shelf = await openShelf(driver);
    const { manager, book } = shelf;
    await shelf.pullOf('authors', authorRow('a1'), authorRow('a2'), authorRow('a3'));
    await shelf.pullOf('books', bookRow('b1', 'a1'), bookRow('b2', 'a1'));
    const [one, two] = await manager.find(book, { relations: { author: true }, order: { id: 'ASC' } });
    await shelf.pullOf('books', bookRow('b1', 'a2', v2), bookRow('b2', 'a2', v2));
    await manager.save(book, Object.assign(one ?? {}, { title: 'mine' }));
    await manager.save(book, Object.assign(two ?? {}, { author: { id: 'a3' } }));
    expect(await ids()).toEqual([
      ['books', 'upsert', 'b1', 'title'],
      ['books', 'upsert', 'b2', 'author_id'],
    ]);
    const [left, right] = await manager.find(book, { relations: { author: true }, order: { id: 'ASC' } });
    expect([left?.author?.id, right?.author?.id]).toEqual(['a2', 'a3']);
    expect(one?.author?.id).toBe('a2');
  });

  test('F-140: a loaded list of children does not detach those that a pull added', async () => {
    shelf = await openShelf(driver);
    const { manager, author, book } = shelf;
    await shelf.pullOf('authors', authorRow('a1'));
    await shelf.pullOf('books', bookRow('b1', 'a1'), bookRow('b2', 'a1'));
    const form = await manager.findOneOrFail(author, {
      where: { id: 'a1' },
      relations: { books: true },
      order: { books: { id: 'ASC' } },
    });
    await shelf.pullOf('books', bookRow('b3', 'a1'));
    form.name = 'mine';
    form.books?.pop();
    await manager.save(author, form);
    expect(await ids()).toEqual([
      ['authors', 'upsert', 'a1', 'name'],
      ['books', 'upsert', 'b2', 'author_id'],
    ]);
    expect(form.books?.map(({ id }) => id)).toEqual(['b1']);
    expect(
      (await manager.find(book, { relations: { author: true }, order: { id: 'ASC' } })).map((row) => row.author?.id),
    ).toEqual(['a1', undefined, 'a1']);
  });

  test('I1: related rows of a saved entity keep their fields and relations, in the table and in the object', async () => {
    shelf = await openShelf(driver);
    const { manager, author, book } = shelf;
    await shelf.pullOf('authors', authorRow('a1'));
    await shelf.pullOf('labels', { id: 'l1', name: 'name of l1', updatedAt: v1, deletedAt: null });
    await shelf.pullOf('books', bookRow('b1', 'a1'));
    await manager.save(book, { id: 'b1', labels: [{ id: 'l1' }] });
    const form = await manager.findOneOrFail(author, {
      where: { id: 'a1' },
      relations: { books: { author: true, labels: true } },
    });
    form.name = 'mine';
    await manager.save(author, form);
    expect(await ids()).toEqual([['authors', 'upsert', 'a1', 'name']]);
    expect(form.books).toMatchObject([
      {
        title: 'title of b1',
        updatedAt: v1,
        author: { id: 'a1' },
        labels: [{ id: 'l1', name: 'name of l1', updatedAt: v1 }],
      },
    ]);
    const [stored] = await manager.find(book, { relations: { author: true, labels: true } });
    expect(stored).toMatchObject({ title: 'title of b1', author: { id: 'a1' }, labels: [{ name: 'name of l1' }] });
  });

  test('removed rows also disappear from joined relations', async () => {
    shelf = await openShelf(driver);
    const { manager, author, book } = shelf;
    await shelf.pullOf('authors', authorRow('a1'));
    await shelf.pullOf('books', bookRow('b1', 'a1'), bookRow('b2', 'a1'), bookRow('b3', 'a1'));
    await manager.delete(book, 'b1');
    await shelf.pullOf('books', bookRow('b2', 'a1', v2, { deletedAt: v2 }));
    const joined = await manager.findOneOrFail(author, { where: { id: 'a1' }, relations: { books: true } });
    expect(joined.books?.map(({ id }) => id)).toEqual(['b3']);
    const queried = await manager.findOneOrFail(author, {
      where: { id: 'a1' },
      relations: { books: true },
      relationLoadStrategy: 'query',
    });
    expect(queried.books?.map(({ id }) => id)).toEqual(['b3']);
    const built = await manager
      .createQueryBuilder(author, 'a')
      .leftJoinAndSelect('a.books', 'b')
      .where('a.id = :id OR 1 = 0', { id: 'a1' })
      .getOneOrFail();
    expect(built.books?.map(({ id }) => id)).toEqual(['b3']);
    expect((await manager.find(book, { withDeleted: true })).length).toBe(3);
    expect(
      await manager
        .createQueryBuilder(book, 'b')
        .where('b.id = :one OR b.id = :other', { one: 'b1', other: 'b2' })
        .getCount(),
    ).toBe(0);
    expect(
      (await manager.find(author, { relations: { books: true }, take: 1, skip: 0, where: { id: 'a1' } }))[0]?.books
        ?.length,
    ).toBe(1);
  });

  test('foreign keys: CASCADE also deletes the children, children first', async () => {
    shelf = await openShelf(driver, { onDelete: 'CASCADE' });
    await shelf.pullOf('authors', authorRow('a1'), authorRow('a2'));
    await shelf.pullOf('books', bookRow('b1', 'a1'), bookRow('b2', 'a1'), bookRow('b3', 'a2'));
    await shelf.manager.delete(shelf.author, 'a1');
    expect(await ids()).toEqual([
      ['books', 'delete', 'b1'],
      ['books', 'delete', 'b2'],
      ['authors', 'delete', 'a1'],
    ]);
    expect((await shelf.manager.find(shelf.book)).map(({ id }) => id)).toEqual(['b3']);
  });

  test('foreign keys: SET NULL detaches the children', async () => {
    shelf = await openShelf(driver, { onDelete: 'SET NULL' });
    await shelf.pullOf('authors', authorRow('a1'));
    await shelf.pullOf('books', bookRow('b1', 'a1'));
    await shelf.manager.remove(shelf.author, await shelf.manager.findOneByOrFail(shelf.author, { id: 'a1' }));
    expect(await ids()).toEqual([
      ['books', 'upsert', 'b1', 'author_id'],
      ['authors', 'delete', 'a1'],
    ]);
  });

  test('foreign keys: NO ACTION refuses while children exist, but not if they were deleted before', async () => {
    shelf = await openShelf(driver);
    const { manager, author, book } = shelf;
    await shelf.pullOf('authors', authorRow('a1'));
    await shelf.pullOf('books', bookRow('b1', 'a1'));
    await expect(manager.delete(author, 'a1')).rejects.toThrow(ValidationError);
    await expect(manager.delete(author, 'a1')).rejects.toThrow(/authors\/a1 cannot be deleted: books\/b1 refers to it/);
    expect(await ids()).toEqual([]);
    await expect(manager.insert(book, { id: 'b9', title: 't', author: { id: 'nobody' } })).rejects.toThrow(
      'FOREIGN KEY',
    );
    await manager.delete(book, 'b1');
    await manager.delete(author, 'a1');
    expect(await ids()).toEqual([
      ['books', 'delete', 'b1'],
      ['authors', 'delete', 'a1'],
    ]);
    expect(await manager.count(author)).toBe(0);
  });

  test('a join table has no entity and is not synchronised: writes to it queue no operation', async () => {
    shelf = await openShelf(driver);
    const { manager, book, label } = shelf;
    await shelf.pullOf('labels', { id: 'l1', name: 'l', updatedAt: v1, deletedAt: null });
    await shelf.pullOf('books', bookRow('b1', null));
    const form = await manager.findOneOrFail(book, { where: { id: 'b1' }, relations: { labels: true } });
    form.labels = [await manager.findOneByOrFail(label, { id: 'l1' })];
    await manager.save(book, form);
    expect(
      (await manager.findOneOrFail(book, { where: { id: 'b1' }, relations: { labels: true } })).labels?.length,
    ).toBe(1);
    expect(await ids()).toEqual([]);
  });
});

interface StarterRow {
  readonly kind: 'lists' | 'todos' | 'tags' | 'todo_tags';
  readonly row: { readonly id: string } & Readonly<Record<string, unknown>>;
}

/** A day that lies so many days from today, as `2026-05-31`. */
const day = (offset: number): string => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);

/** Lists, todos and tags that a new user finds. The ids hold the user, since all users share the tables. */
export function starterRows(user: string): readonly StarterRow[] {
  const own = (name: string): string => `${user}-${name}`;
  const todo = (name: string, list: string, fields: Readonly<Record<string, unknown>>): StarterRow => ({
    kind: 'todos',
    row: { id: own(name), listId: own(list), notes: '', done: false, dueOn: null, priority: 3, sessions: 0, ...fields },
  });
  return [
    { kind: 'lists', row: { id: own('home'), name: 'Home', colour: 'green' } },
    { kind: 'lists', row: { id: own('work'), name: 'Work', colour: 'blue' } },
    { kind: 'lists', row: { id: own('trip'), name: 'Trip to Lisbon', colour: 'orange' } },
    { kind: 'tags', row: { id: own('errand'), name: 'errand' } },
    { kind: 'tags', row: { id: own('phone'), name: 'phone' } },
    todo('milk', 'home', { title: 'Buy oat milk', dueOn: day(0), priority: 2 }),
    todo('plants', 'home', { title: 'Water the plants', dueOn: day(-1), priority: 3 }),
    todo('bulb', 'home', { title: 'Replace the bulb in the hall', priority: 4, done: true }),
    todo('invoice', 'work', {
      title: 'Send the May invoice',
      dueOn: day(-2),
      priority: 1,
      notes: 'Hours are in the sheet.',
    }),
    todo('review', 'work', { title: 'Review the sync proposal', dueOn: day(1), priority: 2, sessions: 3 }),
    todo('dentist', 'work', { title: 'Call the dentist', dueOn: day(3), priority: 3 }),
    todo('tickets', 'trip', { title: 'Book the train', dueOn: day(7), priority: 2 }),
    todo('camera', 'trip', { title: 'Charge the camera', priority: 5 }),
    { kind: 'todo_tags', row: { id: `${own('milk')}:${own('errand')}`, todoId: own('milk'), tagId: own('errand') } },
    {
      kind: 'todo_tags',
      row: { id: `${own('dentist')}:${own('phone')}`, todoId: own('dentist'), tagId: own('phone') },
    },
  ];
}

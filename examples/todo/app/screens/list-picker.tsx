import { useState, type ReactNode } from 'react';
import { useLiveQuery } from 'synchart/react';
import { useDeviceHere } from '../data/device-context.ts';
import { lists, todos } from '../data/sync-tables.ts';
import { countOpen } from '../data/todo-queries.ts';

const colours = ['green', 'blue', 'orange', 'purple', 'red'];

/** The lists of the user, with how much is open in each. */
export function ListPicker(props: {
  readonly selected: string | undefined;
  readonly onSelect: (listId: string | undefined) => void;
}): ReactNode {
  const { selected, onSelect } = props;
  const device = useDeviceHere();
  const { data: found = [] } = useLiveQuery(() => device.lists.find({ order: { name: 'ASC' } }), [device], {
    tables: [lists],
  });
  const { data: open } = useLiveQuery(() => countOpen(device), [device], { tables: [todos] });
  const [name, setName] = useState('');
  const total = [...(open?.values() ?? [])].reduce((sum, count) => sum + count, 0);

  const add = async (): Promise<void> => {
    const wanted = name.trim();
    if (wanted === '') return;
    setName('');
    const list = await device.lists.create({ name: wanted, colour: colours[found.length % colours.length] ?? 'blue' });
    onSelect(list.id);
  };

  return (
    <nav className="lists" aria-label={`Lists on the ${device.name}`}>
      <ul>
        <li>
          <button type="button" aria-current={selected === undefined} onClick={() => onSelect(undefined)}>
            <span className="dot" data-colour="all" /> <span className="grow">All</span>
            <span className="count">{total}</span>
          </button>
        </li>
        {found.map((list) => (
          <li key={list.id}>
            <button type="button" aria-current={selected === list.id} onClick={() => onSelect(list.id)}>
              <span className="dot" data-colour={list.colour} /> <span className="grow clip">{list.name}</span>
              <span className="count">{open?.get(list.id) ?? 0}</span>
            </button>
          </li>
        ))}
      </ul>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void add();
        }}
      >
        <input
          value={name}
          onChange={({ target }) => setName(target.value)}
          placeholder="New list"
          aria-label="New list"
        />
      </form>
    </nav>
  );
}

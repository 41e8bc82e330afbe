import { useEffect, useRef, useState, type ReactNode } from 'react';
import { useLiveQuery } from 'synchart/react';
import { useDeviceHere } from '../data/device-context.ts';
import { tags as tagTable, todoTags } from '../data/sync-tables.ts';
import { setTag } from '../data/todo-queries.ts';
import type { Todo } from '../../tables.ts';

/** A form over one todo. It saves what the user changed, and leaves what a pull changed meanwhile. */
export function TodoEditor({ id, onClose }: { readonly id: string; readonly onClose: () => void }): ReactNode {
  const device = useDeviceHere();
  const dialog = useRef<HTMLDialogElement>(null);
  const [before, setBefore] = useState<Todo>();
  const [change, setChange] = useState<Partial<Todo>>({});
  useEffect(() => {
    let isCurrent = true;
    void device.todos.findOneBy({ id }).then((row) => {
      if (!isCurrent) return;
      if (row === null) onClose();
      else setBefore(row);
    });
    return () => {
      isCurrent = false;
    };
  }, [device, id, onClose]);
  useEffect(() => {
    if (before !== undefined && dialog.current?.open === false) dialog.current.showModal();
  }, [before]);
  if (before === undefined) return null;
  const form = { ...before, ...change };
  const set = (more: Partial<Todo>): void => setChange({ ...change, ...more });
  return (
    <dialog ref={dialog} className="dialog" aria-label={`Edit ${form.title}`} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void device.todos.update(Object.assign(before, change)).then(onClose);
        }}
      >
        <h3>Edit todo</h3>
        <label className="field">
          <span>Title</span>
          <input value={form.title} onChange={({ target }) => set({ title: target.value })} required />
        </label>
        <label className="field">
          <span>Notes</span>
          <textarea rows={4} value={form.notes} onChange={({ target }) => set({ notes: target.value })} />
        </label>
        <div className="pair">
          <label className="field">
            <span>Due</span>
            <input
              type="date"
              value={form.dueOn ?? ''}
              onChange={({ target }) => set({ dueOn: target.value === '' ? null : target.value })}
            />
          </label>
          <label className="field">
            <span>Priority</span>
            <select value={form.priority} onChange={({ target }) => set({ priority: Number(target.value) })}>
              {[1, 2, 3, 4, 5].map((priority) => (
                <option key={priority} value={priority}>
                  {priority === 1 ? '1, urgent' : priority}
                </option>
              ))}
            </select>
          </label>
        </div>
        <TagField todo={form} />
        <div className="buttons">
          <button type="button" className="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button type="submit" className="button primary">
            Save
          </button>
        </div>
      </form>
    </dialog>
  );
}

/** The tags of a todo. A click removes one; tags are rows of their own, so they are saved at once. */
function TagField({ todo }: { readonly todo: Todo }): ReactNode {
  const device = useDeviceHere();
  const [name, setName] = useState('');
  const { data: names = [] } = useLiveQuery(
    async () => {
      const [links, tags] = await Promise.all([device.todoTags.findBy({ todoId: todo.id }), device.tags.find()]);
      return tags.filter((tag) => links.some(({ tagId }) => tagId === tag.id)).map((tag) => tag.name);
    },
    [device, todo.id],
    { tables: [tagTable, todoTags] },
  );
  const add = (): void => {
    setName('');
    void setTag(device, todo, name, true);
  };
  return (
    <div className="field">
      <span id="tags-label">Tags</span>
      <div className="tags">
        {names.map((tag) => (
          <button
            key={tag}
            type="button"
            className="tag"
            aria-label={`Remove the tag ${tag}`}
            onClick={() => void setTag(device, todo, tag, false)}
          >
            {tag} ×
          </button>
        ))}
        <input
          aria-label="Add a tag"
          placeholder="Add a tag"
          value={name}
          onChange={({ target }) => setName(target.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter') return;
            event.preventDefault();
            add();
          }}
          onBlur={add}
        />
      </div>
    </div>
  );
}

/** Gives the page room beside the docked panel, so that its end can be scrolled into sight. Returns what takes it back. */
export function makeRoom(page: HTMLElement, side: 'bottom' | 'right', size: number): () => void {
  const name = side === 'bottom' ? 'padding-block-end' : 'padding-inline-end';
  const before = page.style.getPropertyValue(name);
  page.style.setProperty(name, `${size}px`);
  return () => {
    if (before === '') page.style.removeProperty(name);
    else page.style.setProperty(name, before);
  };
}

/** What the page of the panel has beside the panel itself. */
export const extensionStyles = `
html, body, #panel { margin: 0; block-size: 100%; }
.sx-frame { block-size: 100%; }
.sx-frame[hidden] { display: none; }
.synchart .sx-none { max-inline-size: 480px; justify-items: stretch; text-align: start; overflow: auto; max-block-size: 100%; }
.synchart .sx-none > h2, .synchart .sx-none > .sx-first { text-align: center; }
.synchart .sx-none > .sc-actions { justify-content: center; }
.sc-status select.sc-input { max-inline-size: 140px; }
.sx-code { padding: var(--s2) var(--s3); border: 1px solid var(--border); border-radius: var(--radius); background: var(--bg-raised); color: var(--fg); user-select: all; tab-size: 2; }
.sx-hints { display: grid; gap: var(--s1); }
.synchart .sx-hints { list-style: disc; padding-inline-start: var(--s4); }
`;

/** The button and the docked panel, over whatever the page has. */
export const floatingStyles = `
:host { all: initial; }
.sc-fab { position: fixed; inset-block-end: 16px; inset-inline-end: 16px; z-index: 2147483646; block-size: auto !important; inline-size: auto !important; background: none !important; overflow: visible !important; container: none !important; }
.sc-fab button { display: inline-flex; align-items: center; gap: 8px; min-block-size: 36px; padding: 0 14px; border: 1px solid var(--border-strong); border-radius: 18px; background: var(--bg); color: var(--fg); cursor: pointer; box-shadow: 0 2px 10px rgb(0 0 0 / 18%); }
.sc-fab button:hover { background: var(--bg-hover); }
.sc-dock { position: fixed; z-index: 2147483647; box-shadow: 0 0 16px rgb(0 0 0 / 22%); display: flex; max-block-size: 100vh; max-inline-size: 100vw; }
.sc-dock.bottom { inset-inline: 0; inset-block-end: 0; flex-direction: column; }
.sc-dock.right { inset-block: 0; inset-inline-end: 0; flex-direction: row; }
.sc-dock > .synchart { flex: 1; }
.sc-splitter { flex: none; background: #8a94a3; touch-action: none; }
.sc-splitter:hover, .sc-splitter:focus-visible { background: #1f5fd1; outline: none; }
.sc-dock.bottom > .sc-splitter { block-size: 5px; cursor: ns-resize; }
.sc-dock.right > .sc-splitter { inline-size: 5px; cursor: ew-resize; }
`;

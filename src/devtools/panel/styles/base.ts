/** The frame of the panel and the parts that all views share. */
export const base = `
.synchart { box-sizing: border-box; display: flex; flex-direction: column; block-size: 100%; min-block-size: 0; inline-size: 100%; overflow: hidden;
  background: var(--bg); color: var(--fg); font: var(--text)/var(--line) var(--font); text-align: start; container: panel / inline-size; }
.synchart *, .synchart *::before, .synchart *::after { box-sizing: inherit; }
.synchart h1, .synchart h2, .synchart h3, .synchart p, .synchart dl, .synchart dd, .synchart ul, .synchart ol, .synchart figure { margin: 0; padding: 0; }
.synchart h2 { font-size: var(--text-large); font-weight: 600; }
.synchart h2, .synchart h3 { overflow-wrap: anywhere; }
.synchart h3 { font-size: var(--text); font-weight: 600; }
.synchart ul, .synchart ol { list-style: none; }
.synchart code, .synchart pre, .synchart .mono { font-family: var(--mono); font-size: var(--text-small); }
.synchart pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.synchart button, .synchart input, .synchart select, .synchart textarea { font: inherit; color: inherit; }
.synchart :focus-visible { outline: 2px solid var(--focus); outline-offset: -2px; }
.synchart [hidden] { display: none; }
.synchart .quiet { color: var(--fg-soft); }
.synchart .number { font-variant-numeric: tabular-nums; }
.synchart .clip { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.synchart .sr-only { position: absolute; inline-size: 1px; block-size: 1px; margin: -1px; padding: 0; overflow: hidden; clip-path: inset(50%); white-space: nowrap; border: 0; }

.sc-tabs { display: flex; flex: none; gap: var(--s1); padding: 0 var(--s2); border-block-end: 1px solid var(--border); background: var(--bg-raised); overflow-x: auto; scrollbar-width: thin; }
.sc-tab { display: inline-flex; align-items: center; gap: var(--s1); flex: none; padding: var(--s2) var(--s2); border: 0; border-block-end: 2px solid transparent; background: none; color: var(--fg-soft); cursor: pointer; }
.sc-tab:hover { color: var(--fg); }
.sc-tab[aria-selected="true"] { color: var(--fg); border-block-end-color: var(--accent); font-weight: 600; }
.sc-view { flex: 1; min-block-size: 0; min-inline-size: 0; display: flex; flex-direction: column; overflow: hidden; }

.sc-toolbar { display: flex; flex: none; flex-wrap: wrap; align-items: center; gap: var(--s2); padding: var(--s1) var(--s2); border-block-end: 1px solid var(--border); min-block-size: 36px; }
.sc-toolbar .grow { flex: 1; }
@container panel (max-width: 640px) {
  .sc-toolbar .sc-input { flex: 1 1 110px; max-inline-size: none; }
  .sc-toolbar .grow { display: none; }
  .sc-toolbar > [role="status"]:empty { display: none; }
}
.sc-scroll { flex: 1; min-block-size: 0; overflow: auto; scrollbar-gutter: stable; scrollbar-width: thin; }
.sc-split { flex: 1; min-block-size: 0; display: grid; grid-template-columns: minmax(0, 1fr); }
.sc-split.open { grid-template-columns: minmax(0, 1fr) minmax(280px, 42%); }
.sc-split > .sc-detail { border-inline-start: 1px solid var(--border); overflow: auto; scrollbar-width: thin; padding: var(--s3); background: var(--bg); }
@container panel (max-width: 640px) {
  .sc-split.open { grid-template-columns: minmax(0, 1fr); grid-template-rows: minmax(120px, 2fr) minmax(0, 3fr); }
  .sc-split > .sc-detail { border-inline-start: 0; border-block-start: 1px solid var(--border); }
}

.sc-detail-head { display: flex; align-items: center; justify-content: space-between; gap: var(--s2); margin-block-end: var(--s2); }
.sc-detail-head > h2 { min-inline-size: 0; }
.sc-detail-head > .sc-button { flex: none; }
.sc-button { display: inline-flex; align-items: center; justify-content: center; gap: var(--s1); min-block-size: 26px; padding: 2px 10px; border: 1px solid var(--border-strong); border-radius: var(--radius-small);
  background: var(--bg); cursor: pointer; white-space: nowrap; }
.sc-button:hover:not(:disabled) { background: var(--bg-hover); }
.sc-button:disabled { color: var(--fg-faint); border-color: var(--border); cursor: default; }
.sc-button.primary { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
.sc-button.primary:hover:not(:disabled) { background: var(--accent); filter: brightness(1.08); }
.sc-button.danger { color: var(--error); border-color: var(--error); }
.sc-button.plain { border-color: transparent; background: none; }
.sc-button.icon { padding: 2px; min-inline-size: 26px; }
.sc-button[aria-pressed="true"], .sc-button[aria-expanded="true"] { background: var(--bg-active); border-color: var(--accent); }
.sc-link { padding: 0; border: 0; background: none; color: var(--accent); text-align: start; text-decoration: underline; text-underline-offset: 2px; cursor: pointer; overflow-wrap: anywhere; }
.sc-input { max-inline-size: 200px; min-block-size: 26px; padding: 2px var(--s2); border: 1px solid var(--border-strong); border-radius: var(--radius-small); background: var(--bg); min-inline-size: 0; }
.sc-badge { display: inline-flex; align-items: center; gap: var(--s1); padding: 0 6px; border-radius: 9px; font-size: var(--text-small); line-height: 18px; white-space: nowrap; color: var(--tone); background: var(--tone-bg); }
.sc-dot { inline-size: 8px; block-size: 8px; border-radius: 50%; background: var(--tone); flex: none; }
[data-tone="ok"] { --tone: var(--ok); --tone-bg: var(--ok-bg); }
[data-tone="wait"] { --tone: var(--wait); --tone-bg: var(--wait-bg); }
[data-tone="conflict"] { --tone: var(--conflict); --tone-bg: var(--conflict-bg); }
[data-tone="error"] { --tone: var(--error); --tone-bg: var(--error-bg); }
[data-tone="info"] { --tone: var(--info); --tone-bg: var(--info-bg); }
[data-tone="idle"] { --tone: var(--idle); --tone-bg: var(--idle-bg); }

.sc-empty { margin: auto; padding: var(--s5); max-inline-size: 56ch; text-wrap: balance; text-align: center; color: var(--fg-soft); display: grid; gap: var(--s2); justify-items: center; }
.sc-empty h2 { color: var(--fg); }
.sc-list { inline-size: 100%; }
.sc-row { display: flex; align-items: center; gap: var(--s2); min-block-size: var(--row); padding: 0 var(--s2); border: 0; border-block-end: 1px solid var(--border); inline-size: 100%; background: none; text-align: start; cursor: pointer; }
.sc-row:hover { background: var(--bg-hover); }
.sc-row[aria-selected="true"], .sc-row[aria-current="true"] { background: var(--bg-active); }
.sc-facts { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 2px var(--s3); }
.sc-facts dt { color: var(--fg-soft); }
.sc-facts dd { overflow-wrap: anywhere; }
.sc-section { display: grid; gap: var(--s2); margin-block-end: var(--s4); }
.sc-actions { display: flex; flex-wrap: wrap; gap: var(--s2); }
.synchart .sc-note { padding: var(--s2); border-radius: var(--radius-small); color: var(--tone); background: var(--tone-bg); overflow-wrap: anywhere; }

/* A table whose cells stand below each other where they do not fit side by side. */
@container panel (max-width: 640px) {
  .sc-stack, .sc-stack tbody, .sc-stack tr, .sc-stack th, .sc-stack td { display: block; }
  .synchart .sc-stack { min-inline-size: 0; }
  .sc-stack thead { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); }
  .synchart .sc-stack tbody tr { margin-block-end: var(--s2); border: 1px solid var(--border); border-radius: var(--radius-small); overflow: hidden; }
  .synchart .sc-stack tbody th { border: 0; background: var(--bg-raised); }
  .synchart .sc-stack td { display: grid; grid-template-columns: 64px minmax(0, 1fr); gap: var(--s2); border: 0; border-block-start: 1px solid var(--border); }
  .sc-stack td::before { content: attr(data-label); font: var(--text-small)/var(--line) var(--font); color: var(--fg-soft); }
}

.sc-side-value { display: block; min-inline-size: 0; max-block-size: 126px; overflow: auto; overflow-wrap: anywhere; scrollbar-width: thin; }

.sc-json { border: 1px solid var(--border); border-radius: var(--radius-small); background: var(--bg-raised); padding: var(--s2); max-block-size: 320px; overflow: auto; }
.sc-problem { display: flex; flex: none; align-items: center; gap: var(--s2); padding: var(--s1) var(--s2); color: var(--tone); background: var(--tone-bg); border-block-end: 1px solid var(--border); }
.sc-problem > span { flex: 1; min-inline-size: 0; overflow-wrap: anywhere; }
.sc-dialog { inline-size: min(420px, calc(100% - 32px)); border: 1px solid var(--border-strong); border-radius: var(--radius); background: var(--bg); color: var(--fg); padding: var(--s4); }
.sc-dialog > :last-child { margin-block-end: 0; }
.sc-dialog textarea { inline-size: 100%; max-inline-size: none; resize: vertical; }
.sc-dialog::backdrop { background: rgb(0 0 0 / 40%); }
`;

export const timelineStyles = `
.sc-log-tools { display: flex; flex: none; gap: var(--s2); margin-inline-start: auto; }
.sc-recording { display: flex; gap: var(--s1); }
.sc-recording .sc-button[aria-pressed="true"] path { fill: currentColor; }
.sc-strip { flex: none; display: grid; grid-template-columns: minmax(0, 1fr) auto; border-block-end: 1px solid var(--border); background: var(--bg-raised); }
.sc-strip-frame { overflow-x: auto; overflow-y: hidden; padding: var(--s2); scrollbar-width: thin; }
.sc-strip-band { position: relative; block-size: 58px; min-inline-size: 100%; }
.sc-strip-tools { display: flex; flex-direction: column; justify-content: center; padding-inline: var(--s1); border-inline-start: 1px solid var(--border); }
.sc-strip-tools .sc-button { min-block-size: 22px; }
.sc-strip .sc-strip-note { grid-column: 1 / -1; padding: 0 var(--s2) var(--s1); font-size: var(--text-small); }
.sc-run { position: absolute; inset-block: 0; }
.sc-run-head { display: block; inline-size: 100%; block-size: 18px; padding: 0 3px; border: 0; border-block-start: 3px solid var(--tone); background: none; color: var(--fg-soft); font-size: var(--text-small); line-height: 15px; text-align: start; cursor: pointer; }
.sc-run-head:hover, .sc-run-head[aria-current="true"] { background: var(--bg-active); color: var(--fg); }
.sc-phases, .sc-calls { position: relative; inline-size: 100%; }
.sc-phases { block-size: 16px; background: var(--bg-hover); border-radius: 2px; overflow: hidden; }
.sc-phases span { position: absolute; inset-block: 0; overflow: hidden; padding-inline: 4px; background: var(--tone-bg); color: var(--tone); border-inline-start: 2px solid var(--tone); font-size: 10px; line-height: 16px; white-space: nowrap; cursor: pointer; }
.sc-calls { block-size: 16px; margin-block-start: 4px; }
.sc-calls span { position: absolute; inset-block: 2px; min-inline-size: 2px; background: var(--tone); border-radius: 2px; border-inline-end: 1px solid var(--bg-raised); cursor: pointer; }
.sc-phases span:hover, .sc-calls span:hover { filter: brightness(1.15); }
.sc-entry > time { flex: none; }
.sc-entry > .sc-entry-type { flex: 0 0 58px; }
.sc-entry > .sc-entry-run { flex: 0 0 24px; text-align: end; }
.sc-entry > .sc-entry-title { flex: 0 0 220px; }
.sc-entry > .sc-entry-text { flex: 1 1 0; min-inline-size: 0; }
@container panel (max-width: 640px) { .sc-entry > .sc-entry-type, .sc-entry > .sc-entry-run { display: none; } .sc-entry > .sc-entry-title { flex: 1 1 0; min-inline-size: 90px; } }
`;

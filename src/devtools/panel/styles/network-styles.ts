export const networkStyles = `
.sc-call-line { display: flex; align-items: stretch; border-block-end: 1px solid var(--border); block-size: 100%; }
.sc-call-line > .sc-row { border-block-end: 0; flex: 1; min-inline-size: 0; }
.sc-call-line > .sc-call-open { flex: 0 0 26px; align-self: center; }
.sc-call-line > .sc-call-open.sc-button { min-block-size: 24px; }
.sc-call-line[data-attempt="true"] { padding-inline-start: var(--s5); background: var(--bg-raised); }
.sc-call > time { flex: none; }
.sc-call > .sc-call-name { flex: 0 3 220px; min-inline-size: 110px; }
.sc-call > .sc-call-end { flex: 1 1 130px; min-inline-size: 0; }
.sc-call > .sc-call-bar { flex: 0 3 140px; min-inline-size: 40px; }
.sc-call > .sc-call-took { flex: 0 0 52px; text-align: end; }
.sc-bar { display: block; position: relative; block-size: 8px; background: var(--bg-hover); border-radius: 2px; overflow: hidden; }
.sc-bar span { position: absolute; inset-block: 0; min-inline-size: 2px; background: var(--tone); border-radius: 2px; }
.sc-answers { display: grid; gap: var(--s2); }
.sc-answers li { display: grid; grid-template-columns: minmax(0, 1fr) max-content; gap: 2px var(--s2); align-items: center; }
.sc-answers .sc-answer-note, .sc-answers .sc-bar { grid-column: 1 / -1; }
@container panel (max-width: 640px) { .sc-call > time, .sc-call > .sc-call-bar { display: none; } .sc-call > .sc-call-name { flex: 1 1 0; min-inline-size: 80px; } .sc-call > .sc-call-end { flex: 1 1 0; } }
`;

export const conflictStyles = `
.sc-conflicts { flex: 1; min-block-size: 0; display: grid; grid-template-columns: minmax(200px, 280px) minmax(0, 1fr); }
.sc-conflict-list { border-inline-end: 1px solid var(--border); }
.sc-conflict-row { flex-direction: column; align-items: stretch; gap: 0; padding-block: var(--s2); }
.sc-decision { padding: var(--s3); }
.sc-table-frame { overflow-x: auto; }
.sc-diff { border-collapse: collapse; inline-size: 100%; min-inline-size: 640px; table-layout: fixed; }
.sc-diff thead th:first-child { inline-size: 110px; }
.sc-diff thead th:nth-child(5) { inline-size: 150px; }
.sc-diff th, .sc-diff td { padding: var(--s1) var(--s2); border: 1px solid var(--border); text-align: start; vertical-align: top; font-weight: 400; overflow-wrap: anywhere; }
.sc-diff thead th { color: var(--fg-soft); background: var(--bg-raised); }
.sc-diff td[data-changed="true"] { background: var(--conflict-bg); }
.sc-diff td[data-taken="true"] { outline: 2px solid var(--accent); outline-offset: -2px; }
.sc-side { display: flex; gap: 6px; align-items: baseline; cursor: pointer; }
.sc-side input[type="radio"] { flex: none; margin: 0; inline-size: 12px; block-size: 12px; position: relative; inset-block-start: 1px; accent-color: var(--accent); }
.sc-side .sc-input { min-block-size: 20px; padding: 0 4px; inline-size: 100%; border-color: var(--border); }
.sc-previews { display: grid; gap: var(--s1); }
.sc-previews summary { cursor: pointer; padding: 2px 0; }
@container panel (max-width: 640px) {
  .sc-conflicts { grid-template-columns: minmax(0, 1fr); grid-template-rows: minmax(80px, 120px) minmax(0, 1fr); }
  .sc-conflict-list { border-inline-end: 0; border-block-end: 1px solid var(--border); }
}
`;

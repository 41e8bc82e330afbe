export const faultsStyles = `
.sc-faults { padding: var(--s3); }
.sc-faults-banner { display: flex; flex-wrap: wrap; align-items: center; gap: var(--s2); margin-block-end: var(--s3); padding: var(--s2) var(--s3); border-radius: var(--radius); border: 1px solid var(--tone); color: var(--tone); background: var(--tone-bg); min-block-size: 44px; }
.sc-faults-banner .grow { flex: 1; min-inline-size: 12ch; }
.synchart .sc-faults > .sc-note { margin-block-end: var(--s3); }
.sc-fault-list { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 340px), 1fr)); gap: var(--s3); }
.sc-fault { display: grid; gap: var(--s2); align-content: start; margin: 0; padding: var(--s3); border: 1px solid var(--border); border-radius: var(--radius); background: var(--bg-raised); min-inline-size: 0; }
.sc-fault[data-on="true"] { border-color: var(--error); box-shadow: inset 3px 0 0 var(--error); }
.sc-fault h3 { display: flex; align-items: center; justify-content: space-between; gap: var(--s2); min-block-size: 26px; }
.sc-fault output { font-weight: 400; color: var(--fg-soft); font-variant-numeric: tabular-nums; }
.sc-fault input[type="range"] { inline-size: 100%; margin: 0; accent-color: var(--error); }
.sc-fault[data-on="false"] input[type="range"] { accent-color: var(--idle); }
.sc-fault label { display: grid; gap: 2px; }
.sc-fault .sc-input { max-inline-size: none; inline-size: 100%; }
.sc-switch { display: inline-flex; align-items: center; min-block-size: 26px; padding: 0 10px; border: 1px solid var(--border-strong); border-radius: 13px; background: var(--bg); cursor: pointer; }
.sc-switch[aria-checked="true"] { background: var(--error-bg); border-color: var(--error); color: var(--error); font-weight: 600; }
.sc-switch:disabled { color: var(--fg-faint); border-color: var(--border); cursor: default; }
`;

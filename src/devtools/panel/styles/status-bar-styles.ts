export const statusBarStyles = `
.sc-status { display: flex; flex: none; flex-wrap: wrap; align-items: center; gap: var(--s1) var(--s3); min-block-size: 36px; padding: var(--s1) var(--s2); background: var(--bg-raised); border-block-end: 1px solid var(--border); }
.sc-status .phase { display: inline-flex; align-items: center; gap: var(--s2); font-weight: 600; min-inline-size: 15ch; }
.sc-status .facts { display: flex; flex-wrap: wrap; align-items: center; gap: var(--s1); }
.sc-status .facts .sc-button { min-block-size: 0; }
.sc-status .spark { display: block; inline-size: 120px; block-size: 18px; }
.sc-status .spark path { fill: none; stroke: var(--info); stroke-width: 1.5; vector-effect: non-scaling-stroke; }
.sc-status .facts .sc-badge { display: inline-block; max-inline-size: min(48ch, 100%); overflow: hidden; text-overflow: ellipsis; vertical-align: middle; }
.sc-status .grow { flex: 1; }
.sc-status[data-faults="true"] { box-shadow: inset 0 2px 0 var(--error); }
@container panel (max-width: 640px) { .sc-status .spark, .sc-status .rate { display: none; } }
`;

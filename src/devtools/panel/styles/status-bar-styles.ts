/** One line while there is room for it: what is out of the ordinary gives way first. In a narrow panel, two. */
export const statusBarStyles = `
.sc-status { display: flex; flex: none; align-items: center; gap: var(--s1) var(--s3); min-block-size: 36px; padding: var(--s1) var(--s2); background: var(--bg-raised); border-block-end: 1px solid var(--border); }
.sc-diagnosis { display: flex; flex: none; flex-wrap: wrap; align-items: center; gap: var(--s1) var(--s3); padding: var(--s1) var(--s2); background: var(--bg-raised); border-block-end: 1px solid var(--border); }
.sc-diagnosis[hidden] { display: none; }
.sc-diagnosis p { display: flex; flex: 1 1 240px; min-inline-size: 0; align-items: baseline; gap: var(--s2); margin: 0; overflow-wrap: anywhere; }
.sc-status .phase { display: inline-flex; flex: none; align-items: center; gap: var(--s2); font-weight: 600; }
.sc-status .now { display: flex; flex: none; align-items: baseline; gap: var(--s2); min-inline-size: 190px; }
.sc-status .detail { min-inline-size: 0; max-inline-size: 26ch; }
.sc-status .facts { display: flex; flex: 1 1 0; min-inline-size: 0; align-items: center; gap: var(--s1); overflow: hidden; }
.sc-status .facts > * { flex: none; }
.sc-status .facts > :last-child { flex: 0 1 auto; min-inline-size: 0; }
.sc-status .facts .sc-button { min-block-size: 0; border: 0; }
.sc-status .facts .sc-badge { display: inline-block; max-inline-size: 100%; overflow: hidden; text-overflow: ellipsis; vertical-align: middle; }
.sc-status .rate { display: inline-flex; flex: none; align-items: center; gap: var(--s2); min-inline-size: 160px; }
.sc-status .spark { display: block; inline-size: 110px; block-size: 18px; }
.sc-status .spark path { fill: none; stroke: var(--info); stroke-width: 1.5; vector-effect: non-scaling-stroke; }
.sc-status .steer { display: inline-flex; flex: none; align-items: center; }
.sc-status .grow { flex: 1; }
.sc-status[data-faults="true"] { box-shadow: inset 0 3px 0 var(--error); }
@container panel (max-width: 900px) {
  .sc-status { flex-wrap: wrap; }
  .sc-status .now { flex: 1 1 0; min-inline-size: 0; }
  .sc-status .facts { order: 3; flex: 1 0 100%; flex-wrap: wrap; }
  .sc-status .facts > :last-child { max-inline-size: 100%; }
}
@container panel (max-width: 640px) { .sc-status .rate { min-inline-size: 0; } .sc-status .spark { inline-size: 40px; } }
@container panel (max-width: 400px) { .sc-tabs { flex-wrap: wrap; } .sc-status .spark { display: none; } }
`;

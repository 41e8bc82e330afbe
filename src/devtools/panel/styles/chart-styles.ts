/** The chart, and the few rules that its canvas needs of React Flow's own sheet. */
export const chartStyles = `
.sc-chart { flex: 1; min-block-size: 0; position: relative; display: grid; grid-template-columns: 230px minmax(0, 1fr); }
.sc-outline { border-inline-end: 1px solid var(--border); padding-block: var(--s1); }
.sc-outline ul ul { padding-inline-start: var(--s3); }
.sc-outline-line { display: flex; align-items: center; gap: var(--s1); inline-size: 100%; min-block-size: 24px; padding: 0 var(--s2); border: 0; background: none; cursor: pointer; text-align: start; }
.sc-outline-line:hover { background: var(--bg-hover); }
.sc-outline-line[aria-current="true"] { background: var(--bg-active); }
.sc-outline-line[data-active="true"] { font-weight: 600; }
.sc-outline-line .clip { flex: 1; }
.sc-outline-line .number { font-size: var(--text-small); font-weight: 400; }
.sc-drawn { display: flex; flex-direction: column; min-block-size: 0; min-inline-size: 0; }
.sc-drawn-note { margin: 0; padding: var(--s1) var(--s3); border-block-end: 1px solid var(--border); }
.sc-canvas { flex: 1; position: relative; min-block-size: 0; overflow: hidden; background: var(--bg); }
.sc-chart-detail { position: absolute; inset-block: 0; inset-inline-end: 0; inline-size: min(320px, 100%); z-index: 6; overflow: auto; padding: var(--s3); background: var(--bg); border-inline-start: 1px solid var(--border); }
.sc-leads { display: grid; gap: var(--s1); }
.sc-leads li { display: flex; flex-wrap: wrap; gap: 0 var(--s1); }
.sc-leads .sc-button { padding: 0; min-block-size: 20px; text-decoration: underline; }

.sc-canvas .react-flow { position: relative; inline-size: 100%; block-size: 100%; overflow: hidden; z-index: 0; direction: ltr; }
.sc-canvas .react-flow__container { position: absolute; inset: 0; inline-size: 100%; block-size: 100%; }
.sc-canvas .react-flow__pane { z-index: 1; cursor: grab; }
.sc-canvas .react-flow__pane.dragging { cursor: grabbing; }
.sc-canvas .react-flow__viewport { transform-origin: 0 0; z-index: 2; pointer-events: none; }
.sc-canvas .react-flow__renderer { z-index: 4; }
.sc-canvas .react-flow__edges { position: absolute; }
.sc-canvas .react-flow__edges svg { overflow: visible; position: absolute; pointer-events: none; }
.sc-canvas .react-flow__nodes { pointer-events: none; transform-origin: 0 0; }
.sc-canvas .react-flow__node { position: absolute; user-select: none; pointer-events: all; transform-origin: 0 0; cursor: pointer; }
.sc-canvas .react-flow__edgelabel-renderer { position: absolute; inline-size: 100%; block-size: 100%; pointer-events: none; inset: 0; z-index: 3; }
.sc-canvas .react-flow__handle { position: absolute; opacity: 0; inline-size: 1px; block-size: 1px; min-inline-size: 0; min-block-size: 0; border: 0; pointer-events: none; }
.sc-canvas .react-flow__handle-top { inset-block-start: 0; inset-inline-start: 50%; }
.sc-canvas .react-flow__handle-bottom { inset-block-end: 0; inset-inline-start: 50%; }
.sc-canvas .react-flow__panel { position: absolute; z-index: 5; margin: var(--s2); }
.sc-canvas .react-flow__panel.bottom { inset-block-end: 0; }
.sc-canvas .react-flow__panel.left { inset-inline-start: 0; }
.sc-canvas .react-flow__controls { display: flex; flex-direction: column; border: 1px solid var(--border-strong); border-radius: var(--radius-small); overflow: hidden; background: var(--bg); }
.sc-canvas .react-flow__controls-button { inline-size: 26px; block-size: 26px; padding: 6px; border: 0; background: var(--bg); cursor: pointer; }
.sc-canvas .react-flow__controls-button:hover { background: var(--bg-hover); }
.sc-canvas .react-flow__controls-button svg { inline-size: 100%; block-size: 100%; fill: currentColor; }

.sc-state { position: relative; inline-size: 100%; block-size: 100%; display: flex; align-items: center; justify-content: center; border: 1px solid var(--edge); border-radius: 14px; background: var(--bg); color: var(--fg); font-size: var(--text); transition: background-color 160ms, border-color 160ms; }
.sc-state-name[data-initial="true"]::before { content: ""; display: inline-block; inline-size: 6px; block-size: 6px; margin-inline-end: 5px; border-radius: 50%; background: currentColor; vertical-align: 1px; }
.sc-state[data-box="true"] { align-items: flex-start; justify-content: flex-start; border-radius: var(--radius); border-color: var(--border-box); background: color-mix(in srgb, var(--bg-raised) 70%, transparent); padding: 4px 10px; font-weight: 600; color: var(--fg-soft); }
.sc-state[data-final="true"] { outline: 1px solid var(--edge); outline-offset: 2px; }
.sc-state[data-active="true"] { background: var(--info-bg); border-color: var(--info); color: var(--info); font-weight: 600; }
.sc-state[data-active="true"][data-box="true"] { background: color-mix(in srgb, var(--info-bg) 35%, transparent); color: var(--fg); }
.sc-state[data-selected="true"] { box-shadow: 0 0 0 2px var(--accent); }
.sc-reached { position: absolute; inset: -1px; border-radius: inherit; pointer-events: none; box-shadow: 0 0 0 0 var(--info); opacity: 0; animation: sc-reached 900ms ease-out; }
@keyframes sc-reached { from { opacity: 0.7; box-shadow: 0 0 0 0 var(--info); } to { opacity: 0; box-shadow: 0 0 0 10px var(--info); } }
.sc-canvas path.sc-arrow { fill: none; stroke: var(--edge); stroke-width: 1.2; }
.sc-canvas path.sc-arrow.taken { stroke: var(--info); stroke-width: 2.2; stroke-dasharray: 6 4; animation: sc-flow 700ms linear 3; }
@keyframes sc-flow { from { stroke-dashoffset: 20; } to { stroke-dashoffset: 0; } }
.sc-arrow-label { position: absolute; block-size: 14px; line-height: 14px; font-size: 10px; text-align: center; color: var(--fg-soft); white-space: nowrap; border-radius: 3px; background: color-mix(in srgb, var(--bg) 82%, transparent); }
.sc-arrow-label[data-taken="true"] { color: var(--info); font-weight: 600; }
.sc-visits { display: grid; gap: 2px; }
.sc-visits li { display: grid; grid-template-columns: max-content minmax(0, 1fr) max-content; gap: var(--s2); align-items: center; }
.sc-visits .sc-button { padding: 0; min-block-size: 20px; text-decoration: underline; }
@media (prefers-reduced-motion: reduce) { .sc-canvas path.sc-arrow.taken, .sc-reached { animation: none; } .sc-state { transition: none; } }
@container panel (max-width: 640px) {
  .sc-chart { grid-template-columns: minmax(0, 1fr); grid-template-rows: minmax(0, 1fr) minmax(0, 1fr); }
  .sc-outline { border-inline-end: 0; border-block-end: 1px solid var(--border); }
}
`;

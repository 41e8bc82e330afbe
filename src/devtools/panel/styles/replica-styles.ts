export const replicaStyles = `
.sc-kinds { flex: 0 1 auto; max-block-size: 40%; overflow: auto; border-block-end: 1px solid var(--border-strong); }
.sc-kinds table { border-collapse: collapse; inline-size: 100%; min-inline-size: 760px; }
.sc-kinds th, .sc-kinds td { padding: 3px var(--s2); text-align: start; font-weight: 400; border-block-end: 1px solid var(--border); white-space: nowrap; }
.sc-kinds thead th { color: var(--fg-soft); background: var(--bg-raised); position: sticky; inset-block-start: 0; }
.sc-kinds tr[data-shown="true"] > * { background: var(--bg-active); }
.sc-kinds .sc-button { min-block-size: 22px; }
.sc-kinds td.number, .sc-kinds th.number { text-align: end; }
.sc-kinds .sc-bar { inline-size: 90px; align-self: center; }
.sc-replica-row > .sc-row-id { flex: 0 1 24%; min-inline-size: 70px; }
.sc-replica-row > .sc-row-text { flex: 1 1 0; min-inline-size: 0; }
.sc-replica-row > .sc-actions { flex: none; flex-wrap: nowrap; gap: var(--s1); }
.sc-sides { border-collapse: collapse; inline-size: 100%; min-inline-size: 360px; table-layout: fixed; }
.sc-sides thead th:first-child { inline-size: 80px; }
.sc-sides th, .sc-sides td { padding: var(--s1) var(--s2); border: 1px solid var(--border); text-align: start; vertical-align: top; font-weight: 400; overflow-wrap: anywhere; }
.sc-sides tbody th { overflow-wrap: anywhere; }
.sc-sides thead th { color: var(--fg-soft); background: var(--bg-raised); }
.sc-sides td[data-changed="true"] { background: var(--conflict-bg); }
`;

export const outboxStyles = `
.sc-row .sc-reason { flex: 0 0 150px; }
.sc-row .sc-what { flex: 2 1 0; min-inline-size: 0; }
.sc-row .sc-why { flex: 1 1 0; min-inline-size: 0; }
.sc-row .sc-age { flex: 0 0 52px; text-align: end; }
@container panel (max-width: 640px) { .sc-row .sc-why { display: none; } .sc-row .sc-reason { flex-basis: 118px; } }
.sc-history { display: grid; gap: var(--s1); }
.sc-history li { display: grid; grid-template-columns: 8px max-content minmax(0, 1fr); gap: var(--s2); align-items: baseline; }
`;

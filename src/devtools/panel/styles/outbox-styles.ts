export const outboxStyles = `
.sc-row .sc-reason { flex: 0 0 150px; }
.sc-row .sc-what { flex: 2 1 0; min-inline-size: 0; }
.sc-row .sc-what > .mono { margin-inline-end: var(--s1); }
.sc-row .sc-why { flex: 2 1 0; min-inline-size: 0; }
.sc-row .sc-tries { flex: 0 0 22px; text-align: end; }
.sc-row .sc-age { flex: 0 0 52px; text-align: end; }
@container panel (max-width: 640px) {
  .sc-row .sc-why, .sc-row .sc-tries { display: none; }
  .sc-row .sc-reason { flex-basis: 92px; min-inline-size: 0; }
  .sc-row .sc-reason .sc-badge { display: inline-block; max-inline-size: 100%; overflow: hidden; text-overflow: ellipsis; vertical-align: middle; }
}
.sc-amended { display: grid; gap: var(--s1); }
.sc-amended > div { display: grid; grid-template-columns: minmax(60px, max-content) minmax(0, 1fr); gap: var(--s2); }
.sc-amended dt { color: var(--fg-soft); }
.sc-amended dd { overflow-wrap: anywhere; max-block-size: 160px; overflow: auto; }
.sc-amended del { color: var(--error); }
.sc-amended ins { color: var(--ok); text-decoration: none; font-weight: 600; }
.sc-history { display: grid; gap: var(--s1); }
.sc-history li { display: grid; grid-template-columns: 8px max-content minmax(0, 1fr); gap: var(--s2); align-items: baseline; }
`;

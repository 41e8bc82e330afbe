/**
 * The layout engine of the chart. It is a module of its own, so that the package holds it once and a page loads it with
 * the first chart.
 */
export { default as Elk } from 'elkjs/lib/elk.bundled.js';

/**
 * Colours, spaces and letters of the panel, by theme. One hue per meaning, the same in every view; texts keep the
 * contrast of WCAG AA.
 */
export const tokens = `
:host, .synchart {
  --s1: 4px; --s2: 8px; --s3: 12px; --s4: 16px; --s5: 24px;
  --radius: 6px; --radius-small: 4px;
  --font: system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace;
  --text-small: 11px; --text: 12px; --text-large: 14px; --line: 18px; --row: 28px;
}
.synchart, .synchart[data-theme="light"] {
  color-scheme: light;
  --bg: #ffffff; --bg-raised: #f7f8fa; --bg-hover: #eef1f5; --bg-active: #e3ebf9; --border: #d9dee6; --border-strong: #8a94a3; --border-box: #b7c0cc; --edge: #6f7b8b;
  --fg: #1b2430; --fg-soft: #54606f; --fg-faint: #616c7a; --accent: #1f5fd1; --on-accent: #ffffff; --focus: #1f5fd1;
  --ok: #17703c; --ok-bg: #e2f4e8; --wait: #8a5200; --wait-bg: #fdf0d9; --conflict: #6d3bb5; --conflict-bg: #f0e8fb;
  --error: #b3261e; --error-bg: #fde8e6; --info: #1f5fd1; --info-bg: #e5eefc; --idle: #54606f; --idle-bg: #eceff3;
}
.synchart[data-theme="dark"] {
  color-scheme: dark;
  --bg: #14181f; --bg-raised: #1b212a; --bg-hover: #242c37; --bg-active: #23344f; --border: #313a47; --border-strong: #77849a; --border-box: #4a5566; --edge: #8b98ab;
  --fg: #e6ebf2; --fg-soft: #aab5c4; --fg-faint: #98a4b5; --accent: #7fb0ff; --on-accent: #0d1117; --focus: #7fb0ff;
  --ok: #6cd79a; --ok-bg: #17301f; --wait: #f0b964; --wait-bg: #352709; --conflict: #c8a5ff; --conflict-bg: #2c2144;
  --error: #ff9b93; --error-bg: #3d1a18; --info: #8fb9ff; --info-bg: #182a46; --idle: #aab5c4; --idle-bg: #262d38;
}
@media (prefers-color-scheme: dark) {
  .synchart:not([data-theme]) {
    color-scheme: dark;
    --bg: #14181f; --bg-raised: #1b212a; --bg-hover: #242c37; --bg-active: #23344f; --border: #313a47; --border-strong: #77849a; --border-box: #4a5566; --edge: #8b98ab;
    --fg: #e6ebf2; --fg-soft: #aab5c4; --fg-faint: #98a4b5; --accent: #7fb0ff; --on-accent: #0d1117; --focus: #7fb0ff;
    --ok: #6cd79a; --ok-bg: #17301f; --wait: #f0b964; --wait-bg: #352709; --conflict: #c8a5ff; --conflict-bg: #2c2144;
    --error: #ff9b93; --error-bg: #3d1a18; --info: #8fb9ff; --info-bg: #182a46; --idle: #aab5c4; --idle-bg: #262d38;
  }
}
`;

/**
 * The page of the panel. It holds no secret: the token is in its address only, and the key of the session comes in
 * exchange for it.
 */
export const panelDocument = (nonce: string): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>synchart inspector</title>
<link rel="icon" href="data:,">
<style nonce="${nonce}">html, body { margin: 0; block-size: 100%; } #panel { block-size: 100vh; } .said { padding: 24px; font: 14px system-ui; }</style>
<body><div id="panel"></div><script type="module" src="/page.js" data-nonce="${nonce}"></script></body>
</html>
`;

/** Headers of every answer: nothing from elsewhere, in nobody's frame, kept nowhere. */
export const safeHeaders = (nonce: string): Readonly<Record<string, string>> => ({
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'nonce-${nonce}'`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
});

import { createHash } from 'node:crypto';

export interface ManifestParts {
  readonly version: string;
  readonly description: string;
  /** Texts of the style elements of the panel. */
  readonly styles: readonly string[];
  /** Sizes of the icons, px. */
  readonly iconSizes: readonly number[];
}

/**
 * The manifest. There is no permission in it, no content script and no worker: the panel looks into the page through
 * the devtools alone, and only while it is open. Its own page may load its own files, and nothing else from anywhere.
 */
export function manifestOf({ version, description, styles, iconSizes }: ManifestParts): object {
  const hashes = styles.map((style) => `'sha256-${createHash('sha256').update(style).digest('base64')}'`);
  return {
    manifest_version: 3,
    name: 'synchart devtools',
    version,
    description,
    icons: Object.fromEntries(iconSizes.map((size) => [String(size), `icon-${size}.png`])),
    devtools_page: 'devtools.html',
    content_security_policy: {
      extension_pages: [
        "default-src 'none'",
        "script-src 'self'",
        `style-src ${hashes.join(' ')}`,
        "img-src 'self' data:",
        "base-uri 'none'",
        "form-action 'none'",
      ].join('; '),
    },
  };
}

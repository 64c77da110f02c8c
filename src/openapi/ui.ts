/**
 * The page that shows a contract and lets one try it: Swagger UI from our own files, under a
 * content security policy that lets nothing else run. Whoever serves the page decides its URLs.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

export interface DocsFile {
  headers: Record<string, string>;
  body: Uint8Array;
}

/** Starts the page; a file of its own, so that the policy can forbid scripts in the page. */
const starter = `const page = document.getElementById('swagger-ui');
window.ui = SwaggerUIBundle({
  url: page.dataset.document,
  domNode: page,
  deepLinking: true,
  tryItOutEnabled: true,
  displayRequestDuration: true,
  validatorUrl: null,
  oauth2RedirectUrl: new URL(page.dataset.assets + '/oauth2-redirect.html', location.href).href,
});
`;

const contentTypes: Record<string, string> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  html: 'text/html; charset=utf-8',
  png: 'image/png',
};

/** Files of Swagger UI that the page needs; nothing else of the package is served. */
const assets: readonly string[] = [
  'swagger-ui.css',
  'swagger-ui-bundle.js',
  'favicon-32x32.png',
  'oauth2-redirect.html',
  'oauth2-redirect.js',
];

/**
 * The policy: scripts from here only; calls anywhere, since the API tried may be on another port
 * or host; Swagger UI sets styles on elements and draws its icons from data URLs.
 */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  'connect-src http: https:',
  "frame-ancestors 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

const guards = {
  'content-security-policy': policy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

/**
 * The page. `documentUrl` is where the browser gets the contract; `assetsUrl` is the folder under
 * which `docsAsset` is served, by default the folder of the page.
 */
export function docsPage(title: string, documentUrl: string, assetsUrl = '.'): DocsFile {
  const [name, document, folder] = [title, documentUrl, assetsUrl].map(escapeHtml);
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${name}</title>
<link rel="stylesheet" href="${folder}/swagger-ui.css">
<link rel="icon" type="image/png" href="${folder}/favicon-32x32.png">
</head>
<body style="margin: 0">
<div id="swagger-ui" data-document="${document}" data-assets="${folder}"></div>
<script src="${folder}/swagger-ui-bundle.js"></script>
<script src="${folder}/start.js"></script>
</body>
</html>
`;
  const headers = { ...guards, 'content-type': contentTypes['html']!, 'cache-control': 'no-cache' };
  return { headers, body: Buffer.from(html) };
}

/** A file the page needs, by its name; undefined for any other name. */
export async function docsAsset(name: string): Promise<DocsFile | undefined> {
  if (name === 'start.js') return describe(name, Buffer.from(starter));
  if (!assets.includes(name)) return undefined;
  const url = new URL(name, import.meta.resolve('swagger-ui-dist/package.json'));
  return describe(name, await readFile(fileURLToPath(url)));
}

function describe(name: string, body: Uint8Array): DocsFile {
  const type = contentTypes[name.slice(name.lastIndexOf('.') + 1)]!;
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  const headers = { ...guards, 'content-type': type, 'cache-control': 'max-age=3600', etag };
  return { headers, body };
}

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

const SHAPES: readonly (readonly [RegExp, string])[] = [
  [/^\/v1\/modules\/[^/]+\/[^/]+\/[^/]+\/versions$/, '/v1/modules/:namespace/:name/:system/versions'],
  [
    /^\/v1\/modules\/[^/]+\/[^/]+\/[^/]+\/[^/]+\/download$/,
    '/v1/modules/:namespace/:name/:system/:version/download',
  ],
  [/^\/v1\/providers\/[^/]+\/[^/]+\/versions$/, '/v1/providers/:namespace/:type/versions'],
  [
    /^\/v1\/providers\/[^/]+\/[^/]+\/[^/]+\/download\/[^/]+\/[^/]+$/,
    '/v1/providers/:namespace/:type/:version/download/:os/:arch',
  ],
  [
    /^\/terraform\/providers\/[^/]+\/[^/]+\/[^/]+\/index\.json$/,
    '/terraform/providers/:hostname/:namespace/:type/index.json',
  ],
  [
    /^\/terraform\/providers\/[^/]+\/[^/]+\/[^/]+\/[^/]+\.json$/,
    '/terraform/providers/:hostname/:namespace/:type/:version.json',
  ],
];

/** The route pattern under which a document is metered, the one the router would have matched. */
export function documentRoute(path: string): string {
  return SHAPES.find(([shape]) => shape.test(path))?.[1] ?? 'document';
}

/** The media type of a document: clients of the network mirror want it without a charset (REST contract 2.1). */
export function documentType(path: string): string {
  return path.startsWith('/terraform/') ? 'application/json' : 'application/json; charset=utf-8';
}

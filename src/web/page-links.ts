const README = /(?:^|\/)readme(?:\.[a-z]+)?$/i;

/**
 * HTML of `platform/markdown` in which links to the folders of submodules and examples, made for the interface, lead
 * to the pages of this server. Everything else stays as it is.
 */
export function withModulePages(
  html: string,
  module: { readonly address: string; readonly version: string; readonly parts: readonly string[] },
): string {
  const { address, version, parts } = module;
  const page = `/modules/${address}/${version}`;
  const files = `/api/v1/modules/${address}/versions/${version}/files?path=`;
  return withTargets(html, (target) => {
    if (!target.startsWith(files)) return target;
    const [file = '', fragment] = target.slice(files.length).split('#', 2);
    const part = decodeURIComponent(file).replace(README, '');
    if (part !== '' && !parts.includes(part)) return target;
    const query = part === '' ? '' : `?path=${encodeURIComponent(part)}`;
    return `${page}${query}${fragment === undefined ? '' : `#${fragment}`}`;
  });
}

/** The same for links between the documentation pages of a provider. */
export function withProviderPages(
  html: string,
  { address, version }: { readonly address: string; readonly version: string },
): string {
  const interfacePath = `/api/v1/providers/${address}/versions/${version}/docs/`;
  return withTargets(html, (target) =>
    target.startsWith(interfacePath)
      ? `/providers/${address}/${version}/docs/${target.slice(interfacePath.length)}`
      : target,
  );
}

/** The renderer writes every attribute in double quotes and escapes `&` and quotes in it. */
function withTargets(html: string, change: (target: string) => string): string {
  return html.replaceAll(/ href="(\/[^"]*)"/g, (_, target: string) => ` href="${change(target)}"`);
}

import type { FastifyInstance } from 'fastify';

interface KnownPath {
  readonly matches: RegExp;
  readonly methods: Set<string>;
}

/**
 * Which methods a path has, for the answers `405` and `OPTIONS`. Learns the routes as they are registered, so it
 * is created before them.
 */
export class AllowedMethods {
  private readonly paths = new Map<string, KnownPath>();

  constructor(fastify: FastifyInstance) {
    fastify.addHook('onRoute', ({ url, method }) => {
      for (const name of [method].flat()) this.add(url, name);
    });
  }

  /** The methods of the routes that match this request target, sorted; empty when no route does. */
  of(target: string): string[] {
    const end = target.indexOf('?');
    const path = end === -1 ? target : target.slice(0, end);
    const allowed = new Set<string>();
    for (const { matches, methods } of this.paths.values()) {
      if (!matches.test(path)) continue;
      for (const method of methods) allowed.add(method);
    }
    return [...allowed].sort();
  }

  private add(url: string, method: string): void {
    let known = this.paths.get(url);
    if (!known) {
      known = { matches: routePattern(url), methods: new Set() };
      this.paths.set(url, known);
    }
    known.methods.add(method);
  }
}

function routePattern(url: string): RegExp {
  const source = url
    .split('/')
    .map((segment) => {
      if (segment === '*') return '.*';
      return segment.startsWith(':') ? '[^/]+' : segment.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    })
    .join('/');
  return new RegExp(`^${source.replace(/\/$/, '')}/?$`);
}

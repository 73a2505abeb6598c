import { type CanActivate, type ExecutionContext, Injectable, SetMetadata } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { ServerConfig } from '../../config/server.config.js';
import { MalformedRequest } from './http.errors.js';

const CHECKS_HOST = 'checks-host';

/** The routes are only for browsers that came under a name of this registry: pages and sign-in (threat W7). */
export const ChecksHost = () => SetMetadata(CHECKS_HOST, true);

/**
 * Refuses requests that name another host than the configured ones (public and base URL, aliases) with 400, on routes
 * that ask for it. Behind a trusted proxy the name is the one that the proxy was asked for. Ports do not matter.
 */
@Injectable()
export class HostCheck implements CanActivate {
  private readonly names: ReadonlySet<string>;

  constructor(
    private readonly reflector: Reflector,
    { publicUrl, baseUrl, hostAliases }: ServerConfig,
  ) {
    const own = [publicUrl, baseUrl].map((url) => new URL(url).hostname);
    this.names = new Set([...own, ...hostAliases.map((alias) => hostNameOf(alias) ?? alias)]);
  }

  canActivate(context: ExecutionContext): boolean {
    const places = [context.getHandler(), context.getClass()];
    if (!this.reflector.getAllAndOverride<boolean | undefined>(CHECKS_HOST, places)) return true;
    const name = hostNameOf(context.switchToHttp().getRequest<FastifyRequest>().host);
    if (name === undefined || !this.names.has(name)) {
      throw new MalformedRequest('This registry is not reached under that host name');
    }
    return true;
  }
}

/** The name in a `Host` header, as URLs spell it; `undefined` for what is no host. */
function hostNameOf(host: string): string | undefined {
  if (!/^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/.test(host)) return undefined;
  const url = `http://${host}`;
  return URL.canParse(url) ? new URL(url).hostname.replace(/\.$/, '') : undefined;
}

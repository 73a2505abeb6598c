import { Injectable } from '@nestjs/common';
import { ServerConfig } from '../../config/server.config.js';

const MIRROR = '/terraform/providers/';

/** Stands for this registry in the paths of stored documents, whatever it is called today. No host name is like it. */
export const OWN_HOST = '~';

const STORED = `${MIRROR}${OWN_HOST}/`;

/**
 * The names of this registry in paths of the network mirror (REST contract 6.3): those of its base and public URL,
 * with their port where it is not the usual one, and its aliases.
 */
@Injectable()
export class OwnHostPaths {
  private readonly hosts: ReadonlySet<string>;
  private readonly prefixes: readonly string[];

  constructor({ baseUrl, publicUrl, hostAliases }: ServerConfig) {
    const hosts = [new URL(baseUrl).host, new URL(publicUrl).host, ...hostAliases];
    this.hosts = new Set(hosts.map((host) => host.toLowerCase()));
    this.prefixes = [...this.hosts].map((host) => `${MIRROR}${host}/`);
  }

  /** Whether this host name, decoded and perhaps with a port, is this registry. */
  isOwn(host: string): boolean {
    return this.hosts.has(host.toLowerCase());
  }

  /** A path as its document is stored: one name for this registry, every other path as it is; that name is no host. */
  canonical(path: string): string {
    if (!path.startsWith(MIRROR)) return path;
    if (path.startsWith(STORED)) return '';
    const prefix = this.prefixes.find((own) => path.startsWith(own));
    return prefix === undefined ? path : `${STORED}${path.slice(prefix.length)}`;
  }
}

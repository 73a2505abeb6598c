import { lookup as systemLookup } from 'node:dns';
import { BlockList, isIPv4, type LookupFunction } from 'node:net';
import type { EgressConfig, EgressMode } from '../../config/egress.config.js';
import { addNetwork, canonicalAddress, isPublicAddress } from './ip-address.js';
import { EgressRefused } from './outbound-http.errors.js';

interface Found {
  readonly address: string;
  readonly family: number;
}

/**
 * Decides which addresses the server may connect to (threats I8, F7, F8, F9). A host name is judged by every
 * address it has: one that is refused refuses the name. What is connected to is what was checked, and the peer
 * of the finished connection is checked once more.
 */
export class EgressGuard {
  private readonly mode: EgressMode;
  private readonly allowlist: readonly string[];
  private readonly names: readonly RegExp[];
  private readonly networks = new BlockList();

  constructor(
    { mode, allowlist }: Pick<EgressConfig, 'mode' | 'allowlist'>,
    private readonly resolve: LookupFunction = systemLookup as LookupFunction,
  ) {
    this.mode = mode;
    this.allowlist = allowlist;
    this.names = allowlist.filter((entry) => !addNetwork(this.networks, entry)).map(patternOf);
  }

  /** A guard that lets these names, addresses and networks through as well. */
  alsoAllowing(entries: readonly string[]): EgressGuard {
    return new EgressGuard({ mode: this.mode, allowlist: [...this.allowlist, ...entries] }, this.resolve);
  }

  /** Refuses a URL by what can be seen without DNS. Throws {@link EgressRefused}. */
  checkUrl(url: URL): void {
    if (url.protocol !== 'https:' && url.protocol !== 'http:') {
      throw new EgressRefused(`An address of the scheme ${url.protocol}`);
    }
    if (url.username !== '' || url.password !== '') throw new EgressRefused('An address with a user name');
    this.checkHost(url.hostname);
  }

  /** Refuses a host that is written as an address. Throws {@link EgressRefused}. */
  checkHost(hostname: string): void {
    const address = canonicalAddress(hostname);
    if (address !== undefined && !this.allowsAddress(address)) throw new EgressRefused(hostname);
  }

  /** Refuses a finished connection to `address` that was made for `hostname`. Throws {@link EgressRefused}. */
  checkPeer(hostname: string, address: string | undefined): void {
    const peer = address === undefined ? undefined : canonicalAddress(address);
    const isAllowed = peer !== undefined && (this.allowsName(hostname) || this.allowsAddress(peer));
    if (this.mode !== 'off' && !isAllowed) throw new EgressRefused(hostname);
  }

  /** A DNS lookup for `net.connect` that gives addresses only when every one of them may be reached. */
  readonly lookup: LookupFunction = (hostname, options, callback) => {
    this.resolve(hostname, { ...options, all: true }, (error, found) => {
      const addresses = found as unknown as Found[];
      if (error) return callback(error, '', 0);
      if (addresses.length === 0 || !addresses.every((one) => this.allows(hostname, one.address))) {
        return callback(new EgressRefused(hostname), '', 0);
      }
      if (options.all === true) return (callback as unknown as AllCallback)(null, addresses);
      return callback(null, addresses[0]!.address, addresses[0]!.family);
    });
  };

  /** Refuses `hostname` when one of its addresses may not be reached; a name without addresses passes. */
  async checkResolved(hostname: string): Promise<void> {
    this.checkHost(hostname);
    if (canonicalAddress(hostname) !== undefined) return;
    await new Promise<void>((done, fail) => {
      this.lookup(hostname, { all: true }, (error) =>
        error instanceof EgressRefused ? fail(error) : done(),
      );
    });
    if (this.mode === 'allowlist_only' && !this.allowsName(hostname)) throw new EgressRefused(hostname);
  }

  private allows(hostname: string, address: string): boolean {
    const canonical = canonicalAddress(address);
    return canonical !== undefined && (this.allowsName(hostname) || this.allowsAddress(canonical));
  }

  private allowsName(hostname: string): boolean {
    if (this.mode === 'off') return true;
    const name = hostname.toLowerCase().replace(/\.$/, '');
    return canonicalAddress(name) === undefined && this.names.some((pattern) => pattern.test(name));
  }

  private allowsAddress(address: string): boolean {
    if (this.mode === 'off' || this.networks.check(address, isIPv4(address) ? 'ipv4' : 'ipv6')) return true;
    return this.mode === 'deny_private' && isPublicAddress(address);
  }
}

type AllCallback = (error: null, addresses: readonly Found[]) => void;

/** `*` stands for any part of a name, dots included. */
function patternOf(glob: string): RegExp {
  const parts = glob.toLowerCase().split(/\*+/);
  const escaped = parts.map((part) => part.replaceAll(/[.-]/g, String.raw`\$&`));
  return new RegExp(`^${escaped.join('[a-z0-9._-]*')}$`);
}

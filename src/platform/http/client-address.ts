import { BlockList, isIP } from 'node:net';
import { forwardedAddresses } from './forwarded-addresses.js';

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** Finds the address of a client behind proxies, as the router does: only trusted ones may name another. */
export class ClientAddress {
  private readonly trusted = new BlockList();

  /** `proxies`: addresses and networks. */
  constructor(proxies: readonly string[]) {
    for (const proxy of proxies) {
      const [address = '', bits] = proxy.split('/');
      const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
      if (bits === undefined) this.trusted.addAddress(address, family);
      else this.trusted.addSubnet(address, Number(bits), family);
    }
  }

  /** `remote` is the peer of the connection, `forwardedFor` the header `X-Forwarded-For` if there is one. */
  of(remote: string, forwardedFor: string | undefined): string {
    if (forwardedFor === undefined) return remote;
    let client = remote;
    for (const named of forwardedAddresses(forwardedFor).reverse()) {
      if (!this.isTrusted(client)) return client;
      client = named;
    }
    return client;
  }

  /** Whether this is one of the proxies. */
  isTrusted(address: string): boolean {
    const plain = MAPPED.exec(address)?.[1] ?? address;
    const family = isIP(plain);
    return family !== 0 && this.trusted.check(plain, family === 6 ? 'ipv6' : 'ipv4');
  }
}

import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';

const HEADER = 'x-forwarded-for';
const WITH_PORT = /^(?:\[([0-9a-f:.]+)\]|(\d+\.\d+\.\d+\.\d+))(?::\d{1,5})?$/i;

/**
 * What `X-Forwarded-For` says in plain addresses, the nearest proxy last: from the end up to the first entry that is
 * no address, without ports. What somebody else wrote there becomes neither a client nor a log line.
 */
export function forwardedAddresses(header: string): string[] {
  const addresses: string[] = [];
  for (const entry of header.split(',').reverse()) {
    const address = addressIn(entry.trim());
    if (address === undefined) break;
    addresses.unshift(address);
  }
  return addresses;
}

/** Leaves only these addresses in the header, before anybody reads it. */
export function keepAddresses(headers: IncomingHttpHeaders): void {
  const header = headers[HEADER];
  if (header === undefined) return;
  const addresses = forwardedAddresses(String(header));
  if (addresses.length === 0) delete headers[HEADER];
  else headers[HEADER] = addresses.join(', ');
}

function addressIn(entry: string): string | undefined {
  const [, bracketed, plain] = WITH_PORT.exec(entry) ?? [];
  const address = bracketed ?? plain ?? entry;
  // The zone of an IPv6 address is any text.
  return isIP(address) === 0 || address.includes('%') ? undefined : address;
}

import { BlockList, isIPv4, isIPv6 } from 'node:net';

/** Every special-purpose network of the IANA registry, and multicast. */
const SPECIAL_IPV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];

/** The parts of the global unicast space 2000::/3 that are no ordinary hosts. */
const SPECIAL_IPV6 = ['2001::/23', '2001:db8::/32', '2620:4f:8000::/48', '3fff::/20'];

const special = new BlockList();
for (const network of SPECIAL_IPV4) addNetwork(special, network);
for (const network of SPECIAL_IPV6) addNetwork(special, network);

/**
 * An IP address in one form: IPv4 that is written as IPv6 (`::ffff:10.0.0.1`, `::10.0.0.1`) is IPv4. `undefined`
 * for what is no address. A zone id is dropped.
 */
export function canonicalAddress(text: string): string | undefined {
  const address = text.replace(/^\[|\]$/g, '').split('%')[0]!;
  if (isIPv4(address)) return address;
  if (!isIPv6(address)) return undefined;
  const words = wordsOf(address);
  const isMapped = words.slice(0, 5).every((word) => word === 0) && words[5] === 0xffff;
  const isCompatible = words.slice(0, 6).every((word) => word === 0) && words[6] !== 0;
  return isMapped || isCompatible ? ipv4Of(words[6]!, words[7]!) : address;
}

/** Whether this canonical address is an ordinary host of the Internet, also where it carries an IPv4 address. */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !special.check(address, 'ipv4');
  const words = wordsOf(address);
  const embedded = embeddedIpv4(words);
  if (embedded !== undefined && special.check(embedded, 'ipv4')) return false;
  if (isNat64(words)) return true;
  return (words[0]! & 0xe000) === 0x2000 && !special.check(address, 'ipv6');
}

/** Adds an address or a network in CIDR notation; `false` when it is neither. */
export function addNetwork(list: BlockList, text: string): boolean {
  const [written = '', bits] = text.split('/');
  const address = bits === undefined ? canonicalAddress(written) : written;
  if (address === undefined || !(isIPv4(address) || isIPv6(address))) return false;
  const family = isIPv4(address) ? 'ipv4' : 'ipv6';
  const length = family === 'ipv4' ? 32 : 128;
  if (bits !== undefined && !(/^\d{1,3}$/.test(bits) && Number(bits) <= length)) return false;
  list.addSubnet(address, bits === undefined ? length : Number(bits), family);
  return true;
}

/** The eight 16-bit words of an IPv6 address. */
function wordsOf(address: string): number[] {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const hex = dotted
    ? `${dotted[1]}${wordText(dotted[2]!, dotted[3]!)}:${wordText(dotted[4]!, dotted[5]!)}`
    : address;
  const [head = '', tail] = hex.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const missing = tail === undefined ? 0 : 8 - left.length - right.length;
  return [...left, ...Array.from({ length: missing }, () => '0'), ...right].map((word) =>
    Number.parseInt(word, 16),
  );
}

function wordText(high: string, low: string): string {
  return (Number(high) * 256 + Number(low)).toString(16);
}

function ipv4Of(high: number, low: number): string {
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** 64:ff9b::/96, by which a translator reaches IPv4 hosts. */
function isNat64(words: readonly number[]): boolean {
  return words[0] === 0x64 && words[1] === 0xff9b && words.slice(2, 6).every((word) => word === 0);
}

/** The IPv4 address inside a NAT64, 6to4 or ISATAP address. */
function embeddedIpv4(words: readonly number[]): string | undefined {
  if (isNat64(words)) return ipv4Of(words[6]!, words[7]!);
  if (words[0] === 0x2002) return ipv4Of(words[1]!, words[2]!);
  const isIsatap = (words[4]! & 0xfdff) === 0 && words[5] === 0x5efe;
  return isIsatap ? ipv4Of(words[6]!, words[7]!) : undefined;
}

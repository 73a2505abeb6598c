import { isAbsolute } from 'node:path';
import { sha256Hex } from '../kernel/sha256.js';
import type { AuditShipper, FileShipper, SyslogShipper, WebhookShipper } from './audit-shipper.js';
import type { ConfiguredValues } from './configured-values.js';
import { HiddenText } from './hidden-text.js';

const NAME = 'audit.shippers';
const REFERENCE = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;
const MIB = 1024 ** 2;
const FACILITIES = [
  ...['kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news', 'uucp', 'cron', 'authpriv', 'ftp'],
  ...['ntp', 'audit', 'alert', 'clock', 'local0', 'local1', 'local2', 'local3', 'local4', 'local5'],
  ...['local6', 'local7'],
];

type Fields = Readonly<Record<string, unknown>>;

/**
 * Checks `audit.shippers`, fills defaults and replaces `${NAME}` in header values by environment variables.
 * Shippers that are not enabled are left out. Notes each problem with its place, never quoting a header.
 */
export function completeShippers(values: ConfiguredValues, env: NodeJS.ProcessEnv): void {
  if (values.isFaulty(NAME)) return;
  const raw: unknown = values.app.audit.shippers;
  if (!Array.isArray(raw)) {
    values.refuse(NAME, 'expected a list of shippers');
    return;
  }
  const shippers = raw.flatMap((one: unknown, index) => {
    const reader = new ShipperReader(one, env, (place, expected) =>
      values.refuse(NAME, `expected ${expected} in [${index}]${place}`),
    );
    return reader.read() ?? [];
  });
  if (values.isFaulty(NAME)) return;
  const names = shippers.map(shipperName);
  if (new Set(names).size < names.length)
    values.refuse(NAME, 'expected shippers with different destinations');
  values.assign(values.app.audit, { shippers });
}

/** Where a shipper sends to; two shippers of one name would share their position. */
export function shipperName(shipper: AuditShipper): string {
  switch (shipper.type) {
    case 'syslog':
      return shipper.network === 'unix'
        ? `syslog unix ${shipper.path}`
        : `syslog ${shipper.network} ${shipper.host}:${shipper.port}`;
    case 'webhook':
      // The address may carry a secret, and the name stands in logs and metrics.
      return `webhook ${new URL(shipper.url).host} ${sha256Hex(shipper.url).slice(0, 8)}`;
    case 'file':
      return `file ${shipper.path}`;
  }
}

/** Reads one entry; `note` gets the place and what was expected there. */
class ShipperReader {
  private isWrong = false;

  constructor(
    private readonly raw: unknown,
    private readonly env: NodeJS.ProcessEnv,
    private readonly note: (place: string, expected: string) => void,
  ) {}

  read(): AuditShipper | undefined {
    if (!isFields(this.raw)) {
      this.note('', 'a shipper with enabled, type and its settings');
      return undefined;
    }
    const { enabled = true, type } = this.raw;
    if (typeof enabled !== 'boolean') this.refuse('.enabled', 'true or false');
    if (type !== 'syslog' && type !== 'webhook' && type !== 'file') {
      this.refuse('.type', 'one of syslog, webhook, file');
      return undefined;
    }
    const own = this.raw[type] ?? {};
    if (!isFields(own)) {
      this.refuse(`.${type}`, 'its settings');
      return undefined;
    }
    const shipper = this[type](own);
    return enabled === true && !this.isWrong ? shipper : undefined;
  }

  private syslog(fields: Fields): SyslogShipper {
    const network = fields['network'] ?? 'udp';
    if (network !== 'udp' && network !== 'tcp' && network !== 'unix')
      this.refuse('.syslog.network', 'one of udp, tcp, unix');
    const address = this.text(fields, 'syslog', 'address', '');
    const isUnix = network === 'unix';
    const [, host = '', port = ''] =
      /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(address)?.filter(Boolean) ?? [];
    if (isUnix ? !isAbsolute(address) : Number(port) < 1 || Number(port) > 65_535)
      this.refuse('.syslog.address', isUnix ? 'the absolute path of a socket' : 'host:port');
    const tag = this.text(fields, 'syslog', 'tag', 'terraform-registry');
    if (!/^[\x21-\x7e]{1,48}$/.test(tag)) this.refuse('.syslog.tag', '1 to 48 visible ASCII characters');
    const facility = facilityOf(fields['facility'] ?? 'local0');
    if (facility === undefined) this.refuse('.syslog.facility', 'a name such as local0, or 0 to 23');
    return {
      type: 'syslog',
      network: network as SyslogShipper['network'],
      host: isUnix ? '' : host,
      port: isUnix ? 0 : Number(port),
      path: isUnix ? address : '',
      tag,
      facility: facility ?? 0,
    };
  }

  private webhook(fields: Fields): WebhookShipper {
    const url = this.text(fields, 'webhook', 'url', '');
    const parsed = URL.canParse(url) ? new URL(url) : undefined;
    if (parsed === undefined || !/^https?:$/.test(parsed.protocol) || parsed.username || parsed.password)
      this.refuse('.webhook.url', 'an http or https address without user');
    return {
      type: 'webhook',
      url,
      headers: this.headers(fields['headers'] ?? {}),
      timeoutMs: 1000 * this.number(fields, 'webhook', 'timeout_secs', 10, 1, 300),
      batchSize: this.number(fields, 'webhook', 'batch_size', 100, 1, 1_000),
      flushIntervalMs: 1000 * this.number(fields, 'webhook', 'flush_interval_secs', 5, 1, 3_600),
    };
  }

  private file(fields: Fields): FileShipper {
    const path = this.text(fields, 'file', 'path', '');
    if (!isAbsolute(path)) this.refuse('.file.path', 'an absolute path');
    return {
      type: 'file',
      path,
      maxBytes: MIB * this.number(fields, 'file', 'max_size_mb', 100, 1, 1_000_000),
      maxBackups: this.number(fields, 'file', 'max_backups', 5, 0, 1_000),
    };
  }

  private headers(raw: unknown): Record<string, HiddenText> {
    const headers: Record<string, HiddenText> = {};
    if (!isFields(raw)) this.refuse('.webhook.headers', 'names with values');
    for (const [name, value] of Object.entries(isFields(raw) ? raw : {})) {
      const place = `.webhook.headers.${name}`;
      if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name) || typeof value !== 'string') {
        this.refuse(place, 'the name of a header with a text');
        continue;
      }
      const resolved = value.replaceAll(REFERENCE, (_, variable: string) => {
        const found = this.env[variable];
        if (!found) this.refuse(place, `the environment variable ${variable}, which is not set,`);
        return found ?? '';
      });
      if (/[^\t\x20-\x7e]/.test(resolved)) this.refuse(place, 'visible ASCII characters');
      headers[name] = new HiddenText(resolved);
    }
    return headers;
  }

  private text(fields: Fields, group: string, name: string, preset: string): string {
    const value = fields[name] ?? preset;
    if (typeof value === 'string') return value;
    this.refuse(`.${group}.${name}`, 'a text');
    return preset;
  }

  private number(
    fields: Fields,
    group: string,
    name: string,
    preset: number,
    min: number,
    max: number,
  ): number {
    const value = fields[name] ?? preset;
    if (Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max) return Number(value);
    this.refuse(`.${group}.${name}`, `an integer from ${min} to ${max}`);
    return preset;
  }

  private refuse(place: string, expected: string): void {
    this.isWrong = true;
    this.note(place, expected);
  }
}

function facilityOf(value: unknown): number | undefined {
  if (typeof value === 'string' && FACILITIES.includes(value)) return FACILITIES.indexOf(value);
  const number = typeof value === 'string' && /^\d{1,2}$/.test(value) ? Number(value) : value;
  return Number.isInteger(number) && Number(number) >= 0 && Number(number) <= 23 ? Number(number) : undefined;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

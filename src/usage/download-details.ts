import { isUuid } from '../kernel/uuid.js';
import { documentRoute } from '../platform/documents/document-route.js';
import { type DownloadCaller, type KnownCaller, readCaller } from '../platform/documents/download-caller.js';
import { clientName, clientWord, sentVersion } from './domain/download-client.js';

const UUID_LENGTH = 36;
const IP = /^[0-9A-Fa-f:.]{2,45}$/;

/** Begins what is written where downloads are counted and not recorded. */
const BRIEF = '*';

/** What a spool line says about one download, beside its target. */
export interface DownloadDetails {
  readonly targetId: string;
  readonly time: Date;
  readonly clientIp: string | null;
  readonly clientVersion: string | null;
  readonly requestId: string;
  /** The path of the download document. */
  readonly path: string;
  readonly route: string;
  readonly who: KnownCaller | undefined;
}

/** With what and for whom something was downloaded so many times; empty where that is not known. */
export interface DownloadOrigin {
  readonly targetId: string;
  /** The form of `clientName`. */
  readonly client: string;
  /** Id of the organization that the caller acted for. */
  readonly organizationId: string;
  readonly downloads: number;
}

/** The part of a spool line behind the target: short, ASCII, without a line break. */
export function detailsText(path: string, caller: DownloadCaller): string {
  const { who, clientIp, requestId } = caller;
  const ip = IP.test(clientIp) ? clientIp : '-';
  const client = clientWord(caller.clientVersion, caller.isOpenTofu);
  return `${Date.now()} ${ip} ${client} ${requestId} ${path} ${who}`;
}

/** The same where downloads are not recorded: nothing in it tells one person from another. */
export class BriefDetails {
  private last: DownloadCaller | undefined;
  private text = '';

  /** Most downloads come from the same kind of caller as the one before, and then nothing is made. */
  of(caller: DownloadCaller): string {
    const { last } = this;
    if (last === undefined || !isSameKind(last, caller)) {
      const client = clientWord(caller.clientVersion, caller.isOpenTofu);
      this.text = `${BRIEF} ${client} ${caller.organizationId || '-'}`;
      this.last = caller;
    }
    return this.text;
  }
}

/** Reads a whole spool line; `undefined` for one without details, or cut off within them. */
export function readDetails(line: string): DownloadDetails | undefined {
  const [targetId = '', time = '', ip, client, requestId, path, ...who] = line.split(' ');
  if (path === undefined || requestId === undefined || !/^\d{13}$/.test(time)) return undefined;
  return {
    targetId,
    time: new Date(Number(time)),
    clientIp: ip === '-' ? null : ip!,
    clientVersion: sentVersion(client!),
    requestId,
    path,
    route: documentRoute(path),
    who: readCaller(who.join(' ')),
  };
}

/**
 * Reads where the downloads of spool lines came from; lines that do not say it, or not completely, are left out. Brief
 * lines that say the same are read once.
 */
export function* readOrigins(lines: Iterable<string>): Generator<DownloadOrigin> {
  const organizations = new Map<string, string>();
  const brief = new Map<string, number>();
  for (const line of lines) {
    if (line.startsWith(BRIEF, UUID_LENGTH + 1)) {
      brief.set(line, (brief.get(line) ?? 0) + 1);
      continue;
    }
    const [targetId = '', time = '', , client, , path, ...who] = line.split(' ');
    if (client === undefined || path === undefined || !/^\d{13}$/.test(time)) continue;
    const organizationId = organizationOf(who.join(' '), organizations);
    yield { targetId, client: clientName(client), organizationId, downloads: 1 };
  }
  for (const [line, downloads] of brief) {
    const [targetId = '', , client, id] = line.split(' ');
    if (client === undefined || id === undefined) continue;
    yield { targetId, client: clientName(client), organizationId: isUuid(id) ? id : '', downloads };
  }
}

/** The organization of a caller, which `known` remembers by the text that tells it. */
function organizationOf(who: string, known: Map<string, string>): string {
  let organizationId = known.get(who);
  if (organizationId === undefined) {
    const id = readCaller(who)?.organizationId ?? '';
    organizationId = isUuid(id) ? id : '';
    known.set(who, organizationId);
  }
  return organizationId;
}

function isSameKind(one: DownloadCaller, other: DownloadCaller): boolean {
  return (
    one.clientVersion === other.clientVersion &&
    one.isOpenTofu === other.isOpenTofu &&
    one.organizationId === other.organizationId
  );
}

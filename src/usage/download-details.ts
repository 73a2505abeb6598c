import { documentRoute } from '../platform/documents/document-route.js';
import { type DownloadCaller, type KnownCaller, readCaller } from '../platform/documents/download-caller.js';

const CLIENT_VERSION = /^[\x21-\x7e]{1,40}$/;
const IP = /^[0-9A-Fa-f:.]{2,45}$/;

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

/** The part of a spool line behind the target: short, ASCII, without a line break. */
export function detailsText(
  path: string,
  { who, clientIp, clientVersion, requestId }: DownloadCaller,
): string {
  const ip = IP.test(clientIp) ? clientIp : '-';
  const version = clientVersion !== undefined && CLIENT_VERSION.test(clientVersion) ? clientVersion : '-';
  return `${Date.now()} ${ip} ${version} ${requestId} ${path} ${who}`;
}

/** Reads a whole spool line; `undefined` for one without details, or cut off within them. */
export function readDetails(line: string): DownloadDetails | undefined {
  const [targetId = '', time = '', ip, version, requestId, path, ...who] = line.split(' ');
  if (path === undefined || requestId === undefined || !/^\d{13}$/.test(time)) return undefined;
  return {
    targetId,
    time: new Date(Number(time)),
    clientIp: ip === '-' ? null : ip!,
    clientVersion: version === '-' ? null : version!,
    requestId,
    path,
    route: documentRoute(path),
    who: readCaller(who.join(' ')),
  };
}

import type { ProxyFault } from '../../../support/fault-proxy.js';

/** A kind of failure of a backend, as the run names it. */
export interface FaultClass {
  readonly name: string;
  readonly fault: Omit<ProxyFault, 'rate'>;
  /** How many of the requests of a run it can strike, as a share. */
  readonly share: number;
  /** Whether to try again is all that is needed, as long as only some requests are struck. */
  readonly passes: boolean;
  /** Whether some operations still succeed when every request is struck. */
  readonly worksAtWorst: boolean;
  /** Whether a part of an object may have wrong bytes: the digest is that of the whole. */
  readonly spoilsParts: boolean;
}

const LISTS = /[?&](list-type=2|comp=list)|\/o\?(?!.*alt=media)/;

/** Downloads, in any of the three interfaces. */
function isDownload({ method, url }: { method: string; url: string }): boolean {
  return (
    method === 'GET' && !LISTS.test(url) && (!url.includes('/storage/v1/b/') || url.includes('alt=media'))
  );
}

const everywhere = (name: string, fault: FaultClass['fault'], worksAtWorst = false): FaultClass => ({
  ...{ name, fault, worksAtWorst },
  ...{ share: 1, passes: true, spoilsParts: false },
});

const inDownloads = (name: string, kind: ProxyFault['kind'], traits: Partial<FaultClass>): FaultClass => ({
  ...{ name, fault: { kind, strikes: isDownload } },
  ...{ share: 0.5, passes: false, worksAtWorst: true, spoilsParts: false },
  ...traits,
});

/** What the run lets go wrong, one class after the other. */
export const FAULT_CLASSES: readonly FaultClass[] = [
  everywhere('500', { kind: 'status', status: 500 }),
  everywhere('503', { kind: 'status', status: 503 }),
  everywhere('429', { kind: 'status', status: 429 }),
  everywhere('no answer', { kind: 'blackhole' }),
  everywhere('late answer', { kind: 'delay', delayMs: 30 }, true),
  everywhere('reset', { kind: 'reset' }),
  everywhere('lost answer', { kind: 'lost-answer' }),
  inDownloads('cut download', 'cut', { passes: true }),
  inDownloads('short bytes', 'short', {}),
  inDownloads('wrong bytes', 'corrupt', { spoilsParts: true }),
];

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TempFiles } from '../../src/platform/temp-files/temp-files.js';
import { digestOf } from './fakes/upstream/fake-upstream.js';
import type { TestApp } from './test-app.js';

interface Archive {
  readonly url: string;
  readonly hashes?: readonly string[];
}

/** Digests by `version os_arch`. */
export type Digests = ReadonlyMap<string, ReadonlySet<string>>;

/** What honest makers signed. */
export interface SignedDigests {
  /** Packages that may be served. */
  readonly packages: Digests;
  /** What signed checksums say, also of packages that are not what they say, or that nobody can use. */
  readonly checksums: Digests;
}

/**
 * Reads a mirrored provider as clients do, and remembers what it got. Whatever is not right becomes a line of
 * `violations`: bytes that nobody signed, others than before, or that are not there any more.
 */
export class MirrorWitness {
  readonly violations: string[] = [];
  /** What was stored and had from here, by `version os_arch`. */
  readonly had = new Map<string, string>();
  /** Most bytes that temporary files of the process had at a time. */
  mostTemporaryBytes = 0;
  looks = 0;

  constructor(
    private readonly app: TestApp,
    /** The folder of the provider in the network mirror protocol. */
    private readonly base: string,
    private readonly signed: SignedDigests,
    /** What any process ever handed out; shared by all witnesses of a provider. */
    private readonly handedOut: Map<string, string>,
  ) {}

  /** Reads everything that is offered; with `isPulling` also what has to be fetched for that. */
  async look(isPulling = false): Promise<void> {
    this.looks += 1;
    const before = new Map(this.had);
    const now = new Set<string>();
    for (const version of await this.versions(before)) {
      for (const [platform, archive] of Object.entries(await this.archives(version))) {
        const name = `${version} ${platform}`;
        const isStored = archive.url.includes('/v1/files/');
        this.checkHashes(name, archive.hashes ?? [], isStored ? this.signed.packages : this.signed.checksums);
        if (isStored || isPulling) await this.download(name, archive.url, isStored, now);
      }
    }
    for (const name of before.keys())
      if (!now.has(name)) this.violations.push(`${name} is not served any more`);
    this.mostTemporaryBytes = Math.max(this.mostTemporaryBytes, await this.temporaryBytes());
  }

  /** Bytes of temporary files of the process. */
  async temporaryBytes(): Promise<number> {
    const folder = this.app.config.storage.tempDir;
    const names = await readdir(folder, { recursive: true }).catch(() => [] as string[]);
    const sizes = await Promise.all(
      names.map((name) =>
        stat(join(folder, name)).then(
          (found) => (found.isFile() ? found.size : 0),
          () => 0,
        ),
      ),
    );
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  /** Folders that the process has for temporary files now. */
  get temporaryFolders(): number {
    return this.app.get(TempFiles).inUse;
  }

  private async versions(before: ReadonlyMap<string, string>): Promise<string[]> {
    const index = await this.app.request(`${this.base}/index.json`);
    if (index.status === 200) return Object.keys(index.json<{ versions: object }>().versions);
    if (before.size > 0) this.violations.push(`the index is ${index.status} although something is here`);
    return [];
  }

  private async archives(version: string): Promise<Record<string, Archive>> {
    const answer = await this.app.request(`${this.base}/${version}.json`);
    return answer.status === 200 ? answer.json<{ archives: Record<string, Archive> }>().archives : {};
  }

  private checkHashes(name: string, hashes: readonly string[], signed: Digests): void {
    const zips = hashes.filter((hash) => hash.startsWith('zh:'));
    const wrong = zips.filter((hash) => !signed.get(name)?.has(hash.slice('zh:'.length)));
    if (wrong.length > 0 || zips.length === 0) {
      this.violations.push(`${name} is offered with ${hashes.join(' ') || 'no hash'}`);
    }
  }

  private async download(name: string, url: string, isStored: boolean, now: Set<string>): Promise<void> {
    const { pathname, search } = new URL(url);
    const answer = await this.app.request(pathname + search).catch(() => undefined);
    if (answer?.status === 302) return this.download(name, answer.headers.location!, true, now);
    if (answer?.status !== 200) {
      if (isStored) this.violations.push(`${name} is offered as stored and is ${answer?.status ?? 'broken'}`);
      return;
    }
    const digest = digestOf(answer.body);
    if (!this.signed.packages.get(name)?.has(digest))
      this.violations.push(`${name} is bytes that nobody signed`);
    const handed = this.handedOut.get(name) ?? digest;
    if (handed !== digest) this.violations.push(`${name} is other bytes than before`);
    this.handedOut.set(name, digest);
    // What arrived while it was fetched is stored a moment later.
    if (!isStored) return;
    this.had.set(name, digest);
    now.add(name);
  }
}

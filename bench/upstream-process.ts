import '../scripts/typescript-imports.mjs';
import { fork } from 'node:child_process';
import { once } from 'node:events';

/** An upstream in a process of its own, so that readers are not measured by a process that serves packages too. */
export interface UpstreamProcess {
  readonly origin: string;
  readonly authority: string;
  readonly host: string;
  /** The key that signs everything. */
  readonly fingerprint: string;
  readonly armor: string;
  /** How many packages were asked for, repetitions included. */
  packagesFetched(): Promise<number>;
  stop(): Promise<void>;
}

/** Starts an upstream with one provider, all packages of which are packed and signed when this returns. */
export async function startUpstream(versions: number, platforms: number): Promise<UpstreamProcess> {
  const child = fork(import.meta.filename, [String(versions), String(platforms)]);
  const [facts] = (await once(child, 'message')) as [Omit<UpstreamProcess, 'packagesFetched' | 'stop'>];
  return {
    ...facts,
    packagesFetched: async () => {
      const answer = once(child, 'message');
      child.send('count');
      return ((await answer) as [number])[0];
    },
    stop: async () => {
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  };
}

async function serve(count: number, width: number): Promise<void> {
  const { ALL_PLATFORMS } = await import('../test/support/fakes/upstream/all-platforms.js');
  const { UpstreamCatalogue } = await import('../test/support/fakes/upstream/upstream-catalogue.js');
  const { makeUpstreamKeys } = await import('../test/support/fakes/upstream/upstream-keys.js');
  const { honest } = await makeUpstreamKeys();
  const versions = Array.from({ length: count }, (_, at) => `1.${at}.0`);
  const provider = {
    namespace: 'acme',
    type: 'widget',
    versions,
    platforms: ALL_PLATFORMS.slice(0, width),
  };
  const upstream = await UpstreamCatalogue.start(honest, [provider]);
  for (const version of versions) {
    const answer = await fetch(`${upstream.origin}/files/acme/widget/${version}/SHA256SUMS`);
    await answer.arrayBuffer();
  }
  process.on('message', () => process.send!(upstream.packagesFetched));
  process.on('disconnect', () => process.exit());
  const { fingerprint, armor } = honest;
  const { origin, authority } = upstream;
  process.send!({ origin, authority, host: UpstreamCatalogue.HOST, fingerprint, armor });
}

if (process.argv[1] === import.meta.filename) await serve(Number(process.argv[2]), Number(process.argv[3]));

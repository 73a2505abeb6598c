import { createServer, type LookupFunction, type Server } from 'node:net';

/** Listeners at addresses that no outgoing request may reach, all on one port; they count whoever connects. */
export class Canaries {
  static readonly HOSTS = ['127.0.0.1', '127.0.0.2', '::1'] as const;

  hits = 0;

  private constructor(
    private readonly servers: Server[],
    readonly port: number,
  ) {}

  /** Undefined when the port is taken at one of the addresses. */
  static async tryStart(port: number): Promise<Canaries | undefined> {
    const canaries = new Canaries([], port);
    for (const host of Canaries.HOSTS) {
      const server = createServer((socket) => {
        canaries.hits += 1;
        socket.destroy();
      });
      const isListening = await new Promise<boolean>((done) => {
        server.once('error', () => done(false)).listen(port, host, () => done(true));
      });
      if (!isListening) {
        await canaries.stop();
        return undefined;
      }
      canaries.servers.push(server);
    }
    return canaries;
  }

  async stop(): Promise<void> {
    for (const server of this.servers) await new Promise((done) => server.close(done));
  }
}

/** A DNS without network: `answers` is asked with the name and how often it was asked before. */
export function fakeDns(answers: (name: string, before: number) => readonly string[]): LookupFunction {
  const asked = new Map<string, number>();
  return ((name: string, _options: unknown, answer: (error: null, found: unknown) => void) => {
    const before = asked.get(name) ?? 0;
    asked.set(name, before + 1);
    const found = answers(name, before);
    answer(
      null,
      found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  }) as unknown as LookupFunction;
}

/** Ways to name one of the canaries, or something else that is private, in an address. */
export function forbiddenUrls(port: number): string[] {
  const hosts = [
    '127.0.0.1', '127.0.0.2', 'localhost', 'LOCALHOST', 'localhost.', '127.1', '127.2', '0x7f.1', '2130706433',
    '0x7f000001', '017700000001', '0177.0.0.1', '127.0.0.1.', '①②⑦.⓪.⓪.①', '127。0。0。1', '127.0.0.1%2e',
    '%31%32%37.0.0.1', '0.0.0.0', '0', '[::]', '[::1]', '[0:0:0:0:0:0:0:1]', '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]', '[::127.0.0.1]', '[::7f00:1]', '[64:ff9b::127.0.0.1]', '[64:ff9b::7f00:1]',
    '[64:ff9b:1::1]', '[2002:7f00:1::]', '[2001::1]', '[2606:4700::5efe:127.0.0.1]', '[fd00::1]', '[fe80::1]',
    '[fec0::1]', '[ff02::1]', '[100::1]', '[2001:db8::1]', '169.254.169.254', '10.0.0.1', '172.16.0.1',
    '172.31.255.255', '192.168.1.1', '100.64.0.1', '198.18.0.1', '192.0.2.1', '224.0.0.1', '240.0.0.1',
    '255.255.255.255',
  ]; // prettier-ignore
  return [
    ...hosts.map((host) => `http://${host}:${port}/`),
    `http://127.0.0.3@127.0.0.1:${port}/`,
    `http://user:pw@127.0.0.1:${port}/`,
    `http:\\\\127.0.0.1:${port}\\`,
    `//127.0.0.2:${port}/`,
    `///127.0.0.2:${port}/`,
    'file:///etc/passwd',
    `gopher://127.0.0.1:${port}/`,
    `ftp://127.0.0.1:${port}/`,
    `ws://127.0.0.1:${port}/`,
    `unix:/var/run/docker.sock`,
    'data:application/json,{}',
    'javascript:alert(1)',
  ];
}

import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { issueTestTls, type TestTls } from '../tls.js';

/** What a fake answers: an object as JSON, a text as it is. */
export interface FakeAnswer {
  readonly status: number;
  readonly body: object | string;
}

/** A server with TLS on the loopback interface, with a certificate authority of its own. It notes what it is asked. */
export class FakeHttps {
  /** Paths that were asked for, in their order. */
  readonly asked: string[] = [];
  readonly url: string;

  private constructor(
    private readonly server: Server,
    readonly tls: TestTls,
    private readonly directory: string,
  ) {
    this.url = `https://localhost:${(server.address() as AddressInfo).port}`;
  }

  static async start(answer: (path: string) => FakeAnswer): Promise<FakeHttps> {
    const directory = mkdtempSync(join(tmpdir(), 'tfr-fake-'));
    const tls = await issueTestTls(directory);
    const server = createServer({ cert: tls.cert, key: tls.key });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const fake = new FakeHttps(server, tls, directory);
    server.on('request', (request, response) => {
      const path = request.url ?? '';
      fake.asked.push(path);
      const { status, body } = answer(path);
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    });
    return fake;
  }

  /** The settings with which an application can reach it. */
  get settings(): Record<string, string> {
    return { TFR_SECURITY_EGRESS_ALLOWLIST: 'localhost', TFR_SECURITY_EGRESS_CA_FILE: this.tls.caFile };
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
    rmSync(this.directory, { recursive: true, force: true });
  }
}

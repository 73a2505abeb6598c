import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROJECT_ROOT } from '../support/build.js';
import { TestApp } from '../support/test-app.js';

const PAGE = join(PROJECT_ROOT, 'docs', 'operate', 'first-run.md');
const hasCurl = spawnSync('curl', ['--version']).status === 0;

/** The first shell block of the page, as somebody would copy it. */
function script(): string {
  const [, block] = /```sh\n([\s\S]*?)```/.exec(readFileSync(PAGE, 'utf8')) ?? [];
  if (block === undefined) throw new Error('The page has no shell block');
  return block;
}

describe.skipIf(!hasCurl)('the first run by curl, as the documentation says', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await TestApp.start();
  });
  afterAll(() => app?.stop());

  it('ends with an administrator who can sign in', async () => {
    const env = {
      PATH: process.env['PATH'] ?? '',
      URL: app.url,
      TOKEN: app.server.setupToken!,
      PASSWORD: 'correct horse battery',
    };
    const shell = spawn('sh', ['-e', '-c', script()], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let printed = '';
    for (const stream of [shell.stdout, shell.stderr]) {
      stream.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    }
    const code = await new Promise<number | null>((done) => shell.once('close', done));
    expect([code, printed]).toEqual([0, expect.stringContaining('"setup_completed":true')]);
    const signIn = await app.request('/api/v1/auth/local/login', {
      method: 'POST',
      json: { email: 'admin@example.com', password: 'correct horse battery' },
    });
    expect(signIn.status).toBe(200);
  });
});

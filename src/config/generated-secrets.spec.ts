import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  SecretsFileUnusable,
  isOpenToOthers,
  readOrCreateSecrets,
  readSecrets,
} from './generated-secrets.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'generated-secrets-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('the file of generated secrets', () => {
  it('is made once, for the owner only, and read afterwards', () => {
    const path = join(directory, 'data', 'secrets.json');
    expect(readSecrets(path)).toBeUndefined();
    const made = readOrCreateSecrets(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(directory, 'data'))).toEqual(['secrets.json']);
    expect(readOrCreateSecrets(path)).toEqual(made);
    expect(readSecrets(path)).toEqual(made);
    expect(isOpenToOthers(path)).toBe(false);
    chmodSync(path, 0o644);
    expect(isOpenToOthers(path)).toBe(true);
  });

  it('differs between installations', () => {
    const [first, second] = ['a', 'b'].map((name) =>
      readOrCreateSecrets(join(directory, name, 'secrets.json')),
    );
    expect(first!.encryptionKey).not.toBe(second!.encryptionKey);
    expect(first!.jwtSecret).not.toBe(second!.jwtSecret);
  });

  it('is the same for several processes that start at once', async () => {
    const path = join(directory, 'secrets.json');
    const module = new URL('./generated-secrets.ts', import.meta.url).href;
    // All processes wait for the same moment, so that they really meet.
    const script = `
      const { readOrCreateSecrets } = await import(${JSON.stringify(module)});
      while (Date.now() < ${Date.now() + 1500}) {}
      process.stdout.write(JSON.stringify(readOrCreateSecrets(${JSON.stringify(path)})));
    `;
    const children = Array.from({ length: 6 }, () =>
      spawn(process.execPath, ['--no-warnings', '--input-type=module', '-e', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      }),
    );
    const answers = await Promise.all(
      children.map(async (child) => {
        const text = child.stdout.setEncoding('utf8').toArray();
        await once(child, 'close');
        return (await text).join('');
      }),
    );
    expect(new Set(answers).size).toBe(1);
    expect(JSON.parse(answers[0]!)).toEqual(readSecrets(path));
    expect(readdirSync(directory)).toEqual(['secrets.json']);
  });

  it.each(['', '{', '[]', 'null', '{"encryptionKey":"base64:AAAA","jwtSecret":"short"}'])(
    'is refused with the content %j and stays as it is',
    (content) => {
      const path = join(directory, 'secrets.json');
      writeFileSync(path, content);
      expect(() => readOrCreateSecrets(path)).toThrow(SecretsFileUnusable);
      expect(readFileSync(path, 'utf8')).toBe(content);
    },
  );

  it('is refused when its place is not a directory', () => {
    writeFileSync(join(directory, 'data'), '');
    expect(() => readOrCreateSecrets(join(directory, 'data', 'secrets.json'))).toThrow(SecretsFileUnusable);
  });
});

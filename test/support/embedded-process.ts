import { EmbeddedPostgres } from '../../src/platform/database/embedded-postgres.js';

/**
 * A process with the bundled PostgreSQL: `embedded-process.ts <directory> <serve|tool>`. Prints one JSON line when
 * it runs (`{pid, socketDirectory}`) or failed (`{error, message}`), and stops when its input ends.
 */
const [directory = '', mode] = process.argv.slice(2);
const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

try {
  const embedded = await EmbeddedPostgres.start({
    directory,
    mode: mode === 'tool' ? 'tool' : 'serve',
    log: () => undefined,
    settings: { shared_buffers: '16MB' },
  });
  say({ pid: embedded.pid, socketDirectory: embedded.socketDirectory });
  process.stdin.resume().once('end', () => void embedded.stop());
} catch (error) {
  say({ error: (error as Error).name, message: (error as Error).message });
}

import { startServer } from './bootstrap.js';
import { ConfigProblems } from './config/config-problems.js';
import { loadConfig } from './config/load-config.js';
import { DomainError } from './kernel/errors.js';
import { DatabaseConnection } from './platform/database/database-connection.js';
import { handleProcessSignals } from './platform/http/graceful-shutdown.js';
import { AppLogger } from './platform/logging/logger.js';
import { setupText, welcomeText } from './welcome.js';

async function main(): Promise<void> {
  const { config, warnings } = loadConfig();
  const logger = new AppLogger(config.logging);
  for (const warning of warnings) logger.warn(warning, 'Config');
  const starting = startServer(config, { logger });
  // Before the first request can arrive: a signal during the start is not lost, it stops what has started.
  handleProcessSignals({ stop: async () => (await starting).stop() }, logger);
  const { setupToken } = await starting;
  logger.log(`The registry is ready at ${config.server.baseUrl}`, 'Registry');
  // Not through the log, which is kept and copied: the token is shown once.
  if (setupToken !== undefined) process.stderr.write(setupText(config.server.publicUrl, setupToken));
  if (process.stdout.isTTY) process.stdout.write(welcomeText(config.server.baseUrl));
}

main().catch(async (error: unknown) => {
  await DatabaseConnection.closeAll();
  if (error instanceof ConfigProblems) {
    process.stderr.write(`${error.message}\n`);
    process.exit(ConfigProblems.exitCode);
  }
  const text = error instanceof DomainError ? error.message : ((error as Error).stack ?? String(error));
  process.stderr.write(`The registry cannot start: ${text}\n`);
  process.exit(1);
});

import { type INestApplicationContext, Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { text } from 'node:stream/consumers';
import { AppModule } from './app.module.js';
import { AUDIT_COMMANDS_USAGE, runAuditCommand } from './audit/audit-commands.js';
import { KEY_COMMANDS_USAGE, runKeysCommand } from './auth/key-commands.js';
import { runUsersCommand, USER_COMMANDS_USAGE } from './auth/user-commands.js';
import type { AppConfig } from './config/app-config.js';
import { configCheck, configPrint } from './config/config-commands.js';
import { ConfigProblems } from './config/config-problems.js';
import { loadConfig } from './config/load-config.js';
import { DomainError } from './kernel/errors.js';
import { MIRROR_COMMANDS_USAGE, runMirrorCommand } from './mirror/bundles/mirror-commands.js';
import { MODULE_COMMANDS_USAGE, runModulesCommand } from './modules/module-commands.js';
import { ROTATE_COMMAND_USAGE, runRotateCommand } from './platform/crypto/rotate-command.js';
import { ORG_COMMANDS_USAGE, runOrgCommand } from './orgs/org-commands.js';
import { DatabaseConnection } from './platform/database/database-connection.js';
import { MIGRATE_COMMANDS_USAGE, runMigrateCommand } from './platform/database/migrate-commands.js';
import { migrateJobs } from './platform/jobs/job-schema.js';
import { AppLogger } from './platform/logging/logger.js';
import { LoggingModule } from './platform/logging/logging.module.js';
import { endSetup } from './setup/setup-commands.js';
import { runSweepCommand, SWEEP_COMMAND_USAGE } from './storage/sweep-command.js';
import { runStorageCommand, STORAGE_COMMANDS_USAGE } from './storage/storage-migration-command.js';
import { runVerifyCommand, VERIFY_COMMAND_USAGE } from './storage/verify-command.js';

const USAGE = `Usage: npm run cli -- <command>

config check
config print
${MIGRATE_COMMANDS_USAGE}
${KEY_COMMANDS_USAGE}
${ORG_COMMANDS_USAGE}
${ROTATE_COMMAND_USAGE}
${USER_COMMANDS_USAGE}
${VERIFY_COMMAND_USAGE}
${SWEEP_COMMAND_USAGE}
${STORAGE_COMMANDS_USAGE}
${AUDIT_COMMANDS_USAGE}
${MODULE_COMMANDS_USAGE}
${MIRROR_COMMANDS_USAGE}`;

const output = {
  print: (line: string) => void process.stdout.write(`${line}\n`),
  hint: (line: string) => void process.stderr.write(`${line}\n`),
};

@Module({})
class CommandModule {}

async function run([group, ...args]: readonly string[]): Promise<number> {
  if (group === 'config' && args[0] === 'check') return configCheck(args.slice(1));
  if (group === 'config' && args[0] === 'print') return configPrint(args.slice(1));
  if (group === 'migrate') return migrate(loadConfig().config, args);
  if (group === 'keys' && args[0] === 'rotate') {
    return withApplication(loadConfig().config, (app) => runRotateCommand(args.slice(1), app, output));
  }
  if (group === 'keys') {
    return withApplication(loadConfig().config, async (app) => {
      await runKeysCommand(args, app, output);
      return 0;
    });
  }
  if (group === 'users') {
    return withApplication(loadConfig().config, async (app) => {
      await runUsersCommand(args, { app, output, readInput: () => text(process.stdin) });
      if (args[0] === 'create-admin') await endSetup(app, output);
      return 0;
    });
  }
  if (group === 'audit')
    return withApplication(loadConfig().config, (app) => runAuditCommand(args, app, output));
  if (group === 'org') {
    return withApplication(loadConfig().config, (app) => runOrgCommand(args, app, output));
  }
  if (group === 'verify')
    return withApplication(loadConfig().config, (app) => runVerifyCommand(args, app, output));
  if (group === 'sweep')
    return withApplication(loadConfig().config, (app) => runSweepCommand(args, app, output));
  if (group === 'storage')
    return withApplication(loadConfig().config, (app) => runStorageCommand(args, app, output));
  if (group === 'modules')
    return withApplication(loadConfig().config, (app) => runModulesCommand(args, app, output));
  if (group === 'mirror')
    return withApplication(loadConfig().config, (app) => runMirrorCommand(args, app, output));
  output.hint(USAGE);
  return group === undefined || group === 'help' || group === '--help' ? 0 : 2;
}

/** Migrations run without the application, which would refuse to start on an old schema. */
async function migrate(config: AppConfig, args: readonly string[]): Promise<number> {
  const connection = await DatabaseConnection.open(config.database, {
    entities: [],
    mode: 'tool',
    libraries: [migrateJobs],
    log: output.hint,
  });
  try {
    for (const line of await runMigrateCommand(args, connection.migrator)) output.print(line);
    return 0;
  } finally {
    await connection.close();
  }
}

/** Commands write their result to standard output, so the log goes to standard error and is quiet. */
async function withApplication(
  config: AppConfig,
  work: (app: INestApplicationContext) => Promise<number>,
): Promise<number> {
  const logger = new AppLogger({ ...config.logging, output: 'stderr', format: 'text', level: 'warn' });
  const root = {
    module: CommandModule,
    imports: [LoggingModule.forRoot(logger), AppModule.forRoot(config, 'tool')],
  };
  const app = await NestFactory.createApplicationContext(root, { logger, abortOnError: false }).catch(
    async (error: unknown) => {
      await DatabaseConnection.closeAll();
      throw error;
    },
  );
  try {
    return await work(app);
  } finally {
    await app.close();
    Logger.flush();
  }
}

run(process.argv.slice(2)).then(
  (status) => (process.exitCode = status),
  (error: unknown) => {
    const isExpected = error instanceof ConfigProblems || error instanceof DomainError;
    output.hint(isExpected ? error.message : ((error as Error).stack ?? String(error)));
    // What a failed start has opened, listeners for news for instance, would keep the process alive.
    process.exit(isExpected ? 2 : 1);
  },
);

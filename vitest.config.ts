import { defineConfig } from 'vitest/config';

/** Vitest ignores `useDefineForClassFields` of tsconfig; these settings do the same. */
const oxc = {
  assumptions: { setPublicClassFields: true },
  typescript: { removeClassFieldsWithoutInitializer: true },
};

const project = (name: string, include: string[], more: Record<string, unknown> = {}) => ({
  oxc,
  // Loading the code anew for every file would take longer than most of the tests.
  test: { name, include, isolate: false, testTimeout: 30_000, hookTimeout: 60_000, ...more },
});

const withDatabase = { globalSetup: ['test/support/database-cluster.ts'] };
const withDatabaseAndBuild = { globalSetup: ['test/support/database-cluster.ts', 'test/support/build.ts'] };
const withContractTable = {
  globalSetup: ['test/support/database-cluster.ts', 'test/contract/contract-table.ts'],
};

export default defineConfig({
  test: {
    maxWorkers: 3,
    projects: [
      project('unit', ['src/**/*.spec.ts']),
      project('contract', ['test/contract/**/*.contract-spec.ts'], withContractTable),
      project('integration', ['test/integration/**/*.spec.ts'], withDatabase),
      project('architecture', ['test/architecture/**/*.spec.ts'], withDatabaseAndBuild),
      project('e2e', ['test/e2e/**/*.spec.ts'], { ...withDatabaseAndBuild, testTimeout: 120_000 }),
    ],
  },
});

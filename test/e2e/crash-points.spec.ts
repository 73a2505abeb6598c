import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FAILPOINT_NAMES } from '../../src/platform/failpoints/failpoint-names.js';
import type { FailpointName } from '../../src/platform/failpoints/failpoint-names.js';
import { CrashRegistry, publishJob } from '../support/crash-registry.js';
import type { PublishKind } from '../support/crash-registry.js';

const PUBLISH_POINTS = FAILPOINT_NAMES.filter((name) => !/^(sweep|scrub|repair)-/.test(name));
/** Points that the publishing of a kind does not pass. */
const NOT_PASSED: Record<PublishKind, FailpointName[]> = { module: ['after-sums-rebuilt'], provider: [] };

describe('a registry that is killed at a failpoint while it publishes', () => {
  let registry: CrashRegistry;

  beforeAll(async () => {
    registry = await CrashRegistry.start();
  });
  afterAll(() => registry?.dispose());

  it.each<PublishKind>(['module', 'provider'])(
    'loses nothing and keeps nothing, at every failpoint of publishing a %s',
    async (kind) => {
      for (const point of PUBLISH_POINTS.filter((name) => !NOT_PASSED[kind].includes(name))) {
        const job = publishJob(kind, `${kind}-${point}`);
        await registry.killAt(point);
        await expect(registry.publish(job), `a ${kind} passes ${point}`).rejects.toThrow();
        expect(await registry.process.ended(), point).toBe('SIGKILL');
        await registry.process.launch();
        await registry.expectPublished(job);
      }
      await registry.expectNothingLostNorLeft();
    },
    400_000,
  );
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FAILPOINT_NAMES } from '../../src/platform/failpoints/failpoint-names.js';
import type { FailpointName } from '../../src/platform/failpoints/failpoint-names.js';
import { CrashRegistry, publishJob } from '../support/crash-registry.js';
import type { PublishKind } from '../support/crash-registry.js';

const PUBLISH_POINTS = FAILPOINT_NAMES.filter((name) => !/^(sweep|scrub|repair)-/.test(name));
/** A request can be kept at these, while another one comes there too; at the others it has locked rows. */
const isBeforeTransaction = (name: FailpointName): boolean => /^upload-|-stage-row$|-blob-/.test(name);
/** Points that the publishing of a kind does not pass. */
const NOT_PASSED: Record<PublishKind, FailpointName[]> = { module: ['after-sums-rebuilt'], provider: [] };

describe('a registry that is killed at a failpoint while it publishes', () => {
  let registry: CrashRegistry;

  beforeAll(async () => {
    registry = await CrashRegistry.start();
  });
  afterAll(() => registry?.dispose());

  it('loses nothing and keeps nothing, at every failpoint before the transaction, with a module and a provider there', async () => {
    const points = PUBLISH_POINTS.filter(isBeforeTransaction);
    expect(points).toHaveLength(10);
    for (const point of points) {
      const module = publishJob('module', `module-${point}`);
      const provider = publishJob('provider', `provider-${point}`);
      const held = await registry.holdAt(point, module);
      await registry.killAt(point);
      await expect(registry.publish(provider), `a provider passes ${point}`).rejects.toThrow();
      expect(await registry.process.ended(), point).toBe('SIGKILL');
      await expect(held.answer, point).rejects.toThrow();
      await registry.process.launch();
      await registry.expectPublished(module);
      await registry.expectPublished(provider);
    }
    await registry.expectNothingLostNorLeft();
  }, 400_000);

  it('loses nothing and keeps nothing, at every failpoint from the transaction on', async () => {
    const points = PUBLISH_POINTS.filter((name) => !isBeforeTransaction(name));
    const passes = (['module', 'provider'] as const).flatMap((kind) =>
      points.filter((name) => !NOT_PASSED[kind].includes(name)).map((point) => ({ kind, point })),
    );
    for (const { kind, point } of passes) {
      const job = publishJob(kind, `${kind}-${point}`);
      await registry.killAt(point);
      await expect(registry.publish(job), `a ${kind} passes ${point}`).rejects.toThrow();
      expect(await registry.process.ended(), point).toBe('SIGKILL');
      await registry.process.launch();
      await registry.expectPublished(job);
    }
    await registry.expectNothingLostNorLeft();
  }, 400_000);
});

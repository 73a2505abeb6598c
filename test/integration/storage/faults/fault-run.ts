import { Logger } from '@nestjs/common';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { StorageResilienceConfig } from '../../../../src/config/storage-resilience.config.js';
import { Metrics } from '../../../../src/platform/metrics/metrics.js';
import type { ObjectStore } from '../../../../src/storage/object-store.js';
import { ResilientObjectStore } from '../../../../src/storage/resilient-object-store.js';
import { FaultProxy } from '../../../support/fault-proxy.js';
import { seededRandom } from '../../../support/seeded-random.js';
import { FAULT_CLASSES, type FaultClass } from './fault-classes.js';
import { FaultPhase, type PhaseReport } from './fault-phase.js';

/** How long the adapters of a run wait for something to move. */
export const IDLE_MS = 700;

/** Short times, and so many attempts that some struck requests never add up to a failed operation. */
const POLICY = {
  ...new StorageResilienceConfig(),
  timeoutMs: 600,
  idleTimeoutMs: 600,
  maxAttempts: 9,
  retryBaseDelayMs: 1,
  retryMaxDelayMs: 8,
  breakerOpenForMs: 100,
};

/** A backend of a run: where it listens, and a store for it under another address. */
export interface FaultTarget {
  readonly origin: string;
  storeAt(origin: string): ObjectStore;
  stop(): Promise<void>;
}

/**
 * Lets a backend fail in every way, for one in a hundred requests, for one in ten and for all, while objects are read
 * and written: no wrong byte arrives in a complete download, nothing that is there counts as missing, nothing is lost,
 * left half or deleted, and one request finds out that the backend works again (threat H6, test T4 c).
 */
export function faultRun(backend: string, start: () => Promise<FaultTarget>): void {
  describe(`${backend}, when it fails`, () => {
    const lines: string[] = [];
    let target: FaultTarget;
    let proxy: FaultProxy;
    let direct: ObjectStore;
    let inner: ObjectStore;

    beforeAll(async () => {
      Logger.overrideLogger(false);
      target = await start();
      proxy = await FaultProxy.start(target.origin, 20261122);
      direct = target.storeAt(target.origin);
      inner = target.storeAt(proxy.origin);
    });
    afterAll(async () => {
      console.log(
        [
          `${backend}: fault class, rate: struck requests; operations done/unavailable/damaged`,
          ...lines,
        ].join('\n'),
      );
      await inner.close();
      await direct.close();
      await proxy.stop();
      await target.stop();
    });

    async function phase(kind: FaultClass, rate: number, operations: number): Promise<PhaseReport> {
      const metrics = new Metrics(new Registry());
      const store = new ResilientObjectStore(inner, POLICY, metrics);
      const name = `${kind.name.replaceAll(' ', '-')}-${rate * 100}`;
      const work = new FaultPhase(name, seededRandom(operations), !kind.spoilsParts);
      await work.prepare(direct);
      const struckBefore = proxy.struck;
      proxy.inject({ ...kind.fault, rate });
      const report = await work.run(store, operations);
      const struck = proxy.struck - struckBefore;
      expect(struck).toBeGreaterThan(0);
      const recovery = await recovered(store, metrics, `${name}/old-2`);
      const { done, unavailable, damaged } = report;
      lines.push(`  ${kind.name}, ${rate * 100} %: ${struck}; ${done}/${unavailable}/${damaged}${recovery}`);
      expect(await work.audit(direct)).toEqual([]);
      expect(report.violations).toEqual([]);
      return report;
    }

    /** After the backend is well again: an open breaker lets one request through, and closes after it. */
    async function recovered(store: ResilientObjectStore, metrics: Metrics, path: string): Promise<string> {
      const breaker = async (state: string) =>
        new RegExp(`storage_circuit_breakers\\{driver="${store.driver}",state="${state}"\\} 1\\b`).test(
          (await metrics.render()).body,
        );
      const wasOpen = !(await breaker('closed'));
      proxy.heal();
      const askedBefore = proxy.asked;
      const some = () => Promise.any(Array.from({ length: 5 }, () => store.stat(path)));
      await vi.waitFor(some, { timeout: 25_000, interval: 10 });
      expect(await breaker('closed')).toBe(true);
      await vi.waitFor(() => expect(proxy.asked - askedBefore).toBe(wasOpen ? 1 : 5));
      return wasOpen ? ', breaker closed after one request' : '';
    }

    describe.each(FAULT_CLASSES)('with $name', (kind) => {
      it.each([1, 10])('for %i %% of the requests', async (percent) => {
        const operations = percent === 1 ? 110 / kind.share : 40;
        const { done, unavailable, damaged } = await phase(kind, percent / 100, operations);
        if (kind.passes) expect([done, unavailable, damaged]).toEqual([operations, 0, 0]);
        else expect(done).toBeGreaterThan(operations / 2);
      });

      it('for all requests', async () => {
        const { done } = await phase(kind, 1, 16);
        expect(done > 0).toBe(kind.worksAtWorst);
      });
    });
  });
}

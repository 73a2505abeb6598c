import { seededRandom } from '../../seeded-random.js';
import type { LieName } from './lie-profiles.js';

/** What is done with a mirror in one step; `on` is the process that does it. */
export type MirrorStep =
  | {
      readonly kind: 'run';
      readonly on: 0 | 1;
      /** What happens to the run when the upstream gets this request of the step, if it gets so far. */
      readonly broken?: { readonly by: 'cancel' | 'lost lease' | 'stop'; readonly atRequest: number };
    }
  | { readonly kind: 'pull'; readonly on: 0 | 1 };

/** When an upstream lies: step and request are counted from 0, requests anew in each step. */
export type LyingTime =
  | { readonly kind: 'always' }
  | { readonly kind: 'from step'; readonly step: number }
  | { readonly kind: 'until step'; readonly step: number }
  | { readonly kind: 'in one step'; readonly step: number; readonly from: number; readonly to: number }
  | { readonly kind: 'once a step'; readonly request: number }
  | { readonly kind: 'alternating'; readonly period: number }
  | { readonly kind: 'by chance'; readonly share: number };

/** What an upstream does, and what is done meanwhile. */
export interface LieSchedule {
  readonly seed: number;
  /** One lie, or two of which each request that is lied to gets one. */
  readonly lies: readonly [LieName, ...LieName[]];
  readonly time: LyingTime;
  readonly steps: readonly MirrorStep[];
  readonly isPullThrough: boolean;
  /** Whether another process is read without a pause meanwhile. */
  readonly isWatched: boolean;
}

/** The schedule of a seed: always the same one for the same lies. */
export function lieSchedule(
  seed: number,
  profile: readonly LieName[],
  others: readonly LieName[],
): LieSchedule {
  const random = seededRandom(seed);
  const below = (end: number): number => Math.floor(random() * end);
  const isPullThrough = random() < 0.5;
  const length = 1 + below(4);
  const steps = Array.from({ length }, () => mirrorStep(below, isPullThrough));
  const first = profile[below(profile.length)]!;
  const second = random() < 0.25 ? [others[below(others.length)]!] : [];
  return {
    seed,
    lies: [first, ...second],
    time: lyingTime(below, length),
    steps,
    isPullThrough,
    isWatched: random() < 0.4,
  };
}

/** In words, for the title of a test. */
export function describeSchedule({ seed, lies, time, steps, isWatched }: LieSchedule): string {
  const done = steps.map(describeStep).join(', ');
  const { kind, ...details } = time;
  const numbers = Object.values(details).join('–');
  return `seed ${seed}: ${lies.join(' + ')}; ${kind} ${numbers}; ${done}${isWatched ? '; watched' : ''}`;
}

/** Whether a request is lied to. */
export function isLiedTo(time: LyingTime, at: { step: number; request: number; chance: number }): boolean {
  switch (time.kind) {
    case 'always':
      return true;
    case 'from step':
      return at.step >= time.step;
    case 'until step':
      return at.step < time.step;
    case 'in one step':
      return at.step === time.step && at.request >= time.from && at.request < time.to;
    case 'once a step':
      return at.request === time.request;
    case 'alternating':
      return at.request % time.period === 0;
    case 'by chance':
      return at.chance < time.share;
  }
}

function mirrorStep(below: (end: number) => number, isPullThrough: boolean): MirrorStep {
  const on = below(2) as 0 | 1;
  if (isPullThrough && below(2) === 0) return { kind: 'pull', on };
  const by = [undefined, undefined, 'cancel', 'lost lease', 'stop'] as const;
  const chosen = by[below(by.length)];
  if (chosen === undefined) return { kind: 'run', on };
  // A whole run asks for about 18 things.
  return { kind: 'run', on, broken: { by: chosen, atRequest: below(16) } };
}

function lyingTime(below: (end: number) => number, steps: number): LyingTime {
  const from = below(14);
  const times: LyingTime[] = [
    { kind: 'always' },
    { kind: 'from step', step: below(steps) },
    { kind: 'until step', step: 1 + below(steps) },
    { kind: 'in one step', step: below(steps), from, to: from + 1 + below(12) },
    { kind: 'once a step', request: below(18) },
    { kind: 'alternating', period: 2 + below(3) },
    { kind: 'by chance', share: 0.15 + below(60) / 100 },
  ];
  return times[below(times.length)]!;
}

function describeStep(step: MirrorStep): string {
  const broken = step.kind === 'run' && step.broken;
  return `${step.kind} on ${step.on}${broken ? ` until ${broken.by} at request ${broken.atRequest}` : ''}`;
}

import { FAILPOINT_NAMES, type FailpointName } from './failpoint-names.js';
import { armFailpoint } from './failpoint.js';

/** One line of a plan: at the `hit`-th pass (1 unless given) of `name`, kill this process or throw. */
export interface PlannedFailure {
  readonly name: FailpointName;
  readonly action: 'kill' | 'throw';
  readonly hit?: number;
}

/** Reads a plan: a JSON array of {@link PlannedFailure}. A plan that says anything else is refused. */
export function parseFailpointPlan(text: string): PlannedFailure[] {
  const plan: unknown = JSON.parse(text);
  if (!Array.isArray(plan)) throw new Error('A failpoint plan is a JSON array');
  return plan.map((line: Partial<PlannedFailure> | null) => {
    const { name, action, hit = 1 } = line ?? {};
    if (!FAILPOINT_NAMES.includes(name as FailpointName))
      throw new Error(`Unknown failpoint: ${String(name)}`);
    if (action !== 'kill' && action !== 'throw')
      throw new Error(`Unknown failpoint action: ${String(action)}`);
    if (!Number.isInteger(hit) || hit < 1) throw new Error('The hit of a failpoint is a whole number from 1');
    return { name: name as FailpointName, action, hit };
  });
}

/** Arms every line of `plan` in this process. `kill` is SIGKILL: nothing runs afterwards. */
export function armFailpointPlan(
  plan: readonly PlannedFailure[],
  kill: () => void = () => process.kill(process.pid, 'SIGKILL'),
): void {
  for (const { name, action, hit = 1 } of plan) {
    let passes = 0;
    armFailpoint(name, () => {
      passes += 1;
      if (passes !== hit) return;
      if (action === 'kill') kill();
      else throw new Error(`Failpoint ${name}`);
    });
  }
}

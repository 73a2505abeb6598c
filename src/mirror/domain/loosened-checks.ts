import { KEY_TRUST_LEVELS, type Mirror } from './mirror.js';

type Checks = Pick<Mirror, 'keyTrust' | 'coolDownDays' | 'autoApproval'>;

const USUAL: Checks = { keyTrust: 'partner', coolDownDays: 0, autoApproval: null };

/**
 * The fields by which a mirror lets more through than `before`, or than is usual: whoever may change them decides like
 * somebody who reviews approvals.
 */
export function loosenedChecks(after: Checks, before: Checks = USUAL): string[] {
  const fields: string[] = [];
  const trust = (checks: Checks): number => KEY_TRUST_LEVELS.indexOf(checks.keyTrust);
  if (trust(after) > trust(before)) fields.push('key_trust');
  if (after.coolDownDays < before.coolDownDays) fields.push('cool_down_days');
  const isOtherRule = JSON.stringify(after.autoApproval) !== JSON.stringify(before.autoApproval);
  if (after.autoApproval !== null && isOtherRule) fields.push('auto_approval');
  return fields;
}

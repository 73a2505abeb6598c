import { readFileSync } from 'node:fs';
import { armFailpointPlan, parseFailpointPlan } from './failpoint-plan.js';

/**
 * Arms failpoints before the program starts:
 * `node --import "file:///…/failpoints.preload.js?plan=/absolute/path/of/plan.json" main.js`.
 * For tests: the production build has no failpoints left to arm.
 */
const plan = new URL(import.meta.url).searchParams.get('plan');
if (plan === null) throw new Error('failpoints.preload.js needs ?plan=<path of a JSON file>');
armFailpointPlan(parseFailpointPlan(readFileSync(plan, 'utf8')));

/**
 * `node --import "file:///…/failpoint-remote.mjs?dist=file:///…/dist/" main.js`, for crash tests: arms the failpoints that
 * the parent process names in a message, and says when it is done. A plan is an array; `{ hold: name }` keeps every
 * caller of that point for ever, and tells of each.
 */
import { flushCompileCache } from 'node:module';

const dist = new URL(import.meta.url).searchParams.get('dist');
const failpoints = new URL('src/platform/failpoints/', dist);
const { armFailpoint } = await import(new URL('failpoint.js', failpoints).href);
const { armFailpointPlan } = await import(new URL('failpoint-plan.js', failpoints).href);

function hold() {
  process.send('held');
  return new Promise(() => {});
}

// What is killed does not keep what it has compiled, and the next start would do that again.
process.once('message', () => flushCompileCache());
process.on('message', (message) => {
  if (Array.isArray(message)) armFailpointPlan(message);
  else armFailpoint(message.hold, hold);
  process.send('armed');
});
process.channel.unref();

/**
 * `node --import "file:///…/failpoint-remote.mjs?dist=file:///…/dist/" main.js`, for crash tests: arms the failpoints that
 * the parent process names in a message, and says when it is done.
 */
const dist = new URL(import.meta.url).searchParams.get('dist');
const { armFailpointPlan } = await import(new URL('src/platform/failpoints/failpoint-plan.js', dist).href);

process.on('message', (plan) => {
  armFailpointPlan(plan);
  process.send('armed');
});
process.channel.unref();

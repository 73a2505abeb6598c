/**
 * Lets threads of the product run from TypeScript sources inside tests: they load the modules that the process was
 * told to load first, and these are the hooks.
 */
const HOOKS = new URL('./worker-hooks.mjs', import.meta.url).href;

if (!process.execArgv.includes(HOOKS)) process.execArgv.push('--import', HOOKS);

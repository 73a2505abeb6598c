import type { FailpointName } from './failpoint-names.js';

/** What an armed failpoint does: throw, end the process, or hold the caller until a promise settles. */
export type FailpointAction = () => void | Promise<void>;

const armed = new Map<FailpointName, FailpointAction>();

/**
 * A named point at which a test may stop, fail or kill the program. Does nothing unless armed. Statements
 * that call it stand alone on one line, so that the production build can take them out.
 */
export function failpoint(name: FailpointName): void | Promise<void> {
  return armed.get(name)?.();
}

/** From now on every pass of `name` runs `action`. Returns what takes it away again. */
export function armFailpoint(name: FailpointName, action: FailpointAction): () => void {
  armed.set(name, action);
  return () => {
    if (armed.get(name) === action) armed.delete(name);
  };
}

/** Takes every action away. */
export function disarmFailpoints(): void {
  armed.clear();
}

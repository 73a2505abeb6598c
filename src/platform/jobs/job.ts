/**
 * One kind of background work. Handlers are safe to run twice: a job whose process was killed runs again. The
 * payload is JSON. What is thrown is recorded and the job is tried again later, up to `worker.max_attempts` times.
 */
export abstract class Job<Payload extends object = Record<string, never>> {
  /** Stable name in the queue, in kebab case. */
  abstract readonly name: string;

  /** Does the work once. `signal` is aborted some seconds after the process was asked to stop. */
  abstract run(payload: Payload, signal: AbortSignal): Promise<void>;
}

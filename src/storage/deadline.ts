/** Something was not done in time; it may still be going on. */
export class DeadlinePassed extends Error {
  constructor(ms: number) {
    super(`No answer within ${ms} ms`);
    this.name = 'DeadlinePassed';
  }
}

/**
 * What `work` gives within `ms`, else {@link DeadlinePassed}. A result that comes later goes to `discard`, a failure
 * that comes later to nobody.
 */
export function within<T>(ms: number, work: Promise<T>, discard?: (late: T) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      reject(new DeadlinePassed(ms));
    }, ms);
    work.then(
      (value) => {
        clearTimeout(timer);
        if (isLate) discard?.(value);
        else resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error as Error);
      },
    );
  });
}

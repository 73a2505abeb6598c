/** Ends something in which nothing has moved for a while: `signal` aborts. */
export class IdleLimit {
  private readonly controller = new AbortController();
  private readonly timer: NodeJS.Timeout;

  constructor(ms: number) {
    const error = Object.assign(new Error(`Nothing moved for ${ms} ms`), { code: 'ETIMEDOUT' });
    this.timer = setTimeout(() => this.controller.abort(error), ms);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Something moved: the time begins anew. */
  moved(): void {
    this.timer.refresh();
  }

  stop(): void {
    clearTimeout(this.timer);
  }
}

import { ModuleFilesBusy } from './domain/modules.errors.js';

/** Lets few readers work at a time and some wait for their turn; further ones are turned away. */
export class ReadingSlots {
  private active = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(
    private readonly maxActive: number,
    private readonly maxWaiting: number,
  ) {}

  /** Runs `work` when it is its turn. Throws {@link ModuleFilesBusy} when too many wait already. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.active >= this.maxActive) {
      if (this.waiting.length >= this.maxWaiting) throw new ModuleFilesBusy();
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    } else this.active += 1;
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.active -= 1;
    }
  }
}

/** What the frozen protocols are made of; people, probes and pipelines that look how a run goes ask for other things. */
const CLIENT_ROUTE = /^\/(?:v1|terraform)\//;

/** When Terraform or OpenTofu last asked this process for something. */
export class ClientActivity {
  private lastMs = Number.NEGATIVE_INFINITY;

  /** A request was answered; `route` is a route pattern. */
  note(route: string): void {
    if (CLIENT_ROUTE.test(route)) this.lastMs = performance.now();
  }

  /** For how long no client has asked for anything, in milliseconds; infinite when none ever did. */
  get quietMs(): number {
    return performance.now() - this.lastMs;
  }
}

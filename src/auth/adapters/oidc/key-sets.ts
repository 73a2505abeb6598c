const FRESH_MS = 30_000;
const KEPT_MS = 86_400_000;
const MAX_KEY_SETS = 50;

interface KeySet {
  readonly text: string;
  readonly readAtMs: number;
}

/**
 * The published keys of identity providers. However many tokens name keys that nobody knows, a provider is asked
 * at most once in 30 seconds, by one of those who wait; while it is down the keys that were read last go on being
 * used, for a day at most (threat B5).
 */
export class KeySets {
  private readonly known = new Map<string, KeySet>();
  private readonly triedAtMs = new Map<string, number>();
  private readonly reading = new Map<string, Promise<void>>();

  constructor(
    private readonly fetch: (url: string) => Promise<Response>,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** The key set at `url` as an answer of HTTP. Throws what the provider's failure is when none is known. */
  async answer(url: string): Promise<Response> {
    const sinceTried = this.now() - (this.triedAtMs.get(url) ?? -Infinity);
    let failure: unknown;
    if (sinceTried >= FRESH_MS || this.reading.has(url)) {
      const reading = this.reading.get(url) ?? this.read(url);
      await reading.catch((error: unknown) => (failure = error));
    }
    const held = this.known.get(url);
    if (held === undefined || this.now() - held.readAtMs > KEPT_MS) {
      throw failure ?? new Error('The keys of the identity provider are not known');
    }
    return new Response(held.text, { headers: { 'content-type': 'application/json' } });
  }

  private read(url: string): Promise<void> {
    if (!this.known.has(url) && this.known.size >= MAX_KEY_SETS) this.forgetOldest();
    const reading = this.load(url).finally(() => this.reading.delete(url));
    this.reading.set(url, reading);
    return reading;
  }

  private async load(url: string): Promise<void> {
    // Without keys the next sign-in asks again at once: there is nothing to fall back on.
    if (this.known.has(url)) this.triedAtMs.set(url, this.now());
    const response = await this.fetch(url);
    const text = await response.text();
    if (response.status !== 200)
      throw new Error(`The keys of the identity provider answer ${response.status}`);
    const { keys } = JSON.parse(text) as { keys?: unknown };
    if (!Array.isArray(keys)) throw new Error('The keys of the identity provider are not a key set');
    this.triedAtMs.set(url, this.now());
    this.known.set(url, { text, readAtMs: this.now() });
  }

  private forgetOldest(): void {
    const [oldest] = this.known.keys();
    this.known.delete(oldest!);
    this.triedAtMs.delete(oldest!);
  }
}

import { type Answer, request, type RequestOptions } from './http-request.js';

/** The public name of the registry in tests. */
const SITE = 'http://registry.test';

/** An HTTP client with a cookie jar that sees the registry under its public name. Follows no redirect by itself. */
export class Browser {
  private readonly jar = new Map<string, Map<string, string>>();

  constructor(private appUrl: string) {}

  /** From now on the registry is this process. */
  useProcess(appUrl: string): void {
    this.appUrl = appUrl;
  }

  /** Opens an address; one without origin is of the registry. */
  open(address: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send(address, { headers });
  }

  /** Sends a form to an address. */
  submit(address: string, fields: Record<string, string>): Promise<Answer> {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return this.send(address, { method: 'POST', headers, body: new URLSearchParams(fields).toString() });
  }

  private async send(address: string, options: RequestOptions): Promise<Answer> {
    const url = new URL(address, SITE);
    const isRegistry = url.origin === SITE;
    const target = isRegistry ? `${this.appUrl}${url.pathname}${url.search}` : url.href;
    const cookies = this.jar.get(url.origin);
    const cookie = [...(cookies ?? [])].map(([name, value]) => `${name}=${value}`).join('; ');
    const sent = {
      ...(isRegistry && { host: url.host }),
      ...(cookie !== '' && { cookie }),
      ...options.headers,
    };
    const answer = await request(target, { ...options, headers: sent });
    this.keep(url.origin, answer.headers['set-cookie'] ?? []);
    return answer;
  }

  /** Opens an address and goes on until somebody sends the browser to `until`; gives that address. */
  async follow(address: string, until: string): Promise<string> {
    let at = address;
    for (let hops = 0; hops < 12; hops += 1) {
      const { headers, status, body } = await this.open(at);
      const { location } = headers;
      if (location === undefined)
        throw new Error(`${at} answers ${status}: ${body.toString().slice(0, 300)}`);
      at = new URL(location, new URL(at, SITE)).href;
      if (at.startsWith(until)) return at;
    }
    throw new Error(`No way from ${address} to ${until}`);
  }

  /** The value of a cookie of the registry. */
  cookie(name: string): string | undefined {
    return this.jar.get(SITE)?.get(name);
  }

  /** Sets or removes a cookie of the registry. */
  setCookie(name: string, value: string | undefined): void {
    const cookies = this.jar.get(SITE) ?? new Map<string, string>();
    this.jar.set(SITE, cookies);
    if (value === undefined) cookies.delete(name);
    else cookies.set(name, value);
  }

  private keep(origin: string, lines: readonly string[]): void {
    const cookies = this.jar.get(origin) ?? new Map<string, string>();
    this.jar.set(origin, cookies);
    for (const line of lines) {
      const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
      const name = pair.slice(0, pair.indexOf('='));
      const isEnded = attributes.some(
        (one) => /^expires=Thu, 01 Jan 1970/i.test(one) || /^max-age=0$/i.test(one),
      );
      if (isEnded) cookies.delete(name);
      else cookies.set(name, pair.slice(pair.indexOf('=') + 1));
    }
  }
}

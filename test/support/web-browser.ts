import { type Answer, request, type RequestOptions } from './http-request.js';
import { ACCEPTS_PAGES, formOf, hiddenFields } from './login-client.js';

const MAX_REDIRECTS = 10;

/** Where a browser is: what it shows, and at which address. */
export interface Shown {
  readonly url: string;
  readonly answer: Answer;
  readonly html: string;
}

/** As much of a browser as signing in needs: cookies, redirects, forms. It knows nothing but what pages say. */
export class WebBrowser {
  private readonly cookies = new Map<string, string>();

  /** `ca` is the PEM of the authority of a registry that serves TLS. */
  constructor(
    private readonly origin: string,
    private readonly ca?: string,
  ) {}

  /** Opens an address, or a path of the registry, and follows redirects, also to the CLI. */
  open(address: string): Promise<Shown> {
    return this.follow(new URL(address, this.origin).href, { headers: { ...ACCEPTS_PAGES } });
  }

  /** Fills in the form of a page with this action, and sends it as a button does. */
  submit(page: Shown, action: string, fields: Readonly<Record<string, string>>): Promise<Shown> {
    const form = [...page.html.matchAll(/<form\b[^>]*?\baction="([^"]*)"[^>]*>([\s\S]*?)<\/form>/g)].find(
      ([, where]) => where === action,
    );
    if (form === undefined) throw new Error(`${page.url} has no form for ${action}:\n${page.html}`);
    const options = formOf({ ...hiddenFields(form[2]!), ...fields });
    const headers = { ...ACCEPTS_PAGES, ...options.headers, origin: this.origin };
    return this.follow(new URL(action, page.url).href, { ...options, headers });
  }

  private async follow(start: string, first: RequestOptions): Promise<Shown> {
    let url = start;
    let options = first;
    for (let count = 0; count < MAX_REDIRECTS; count += 1) {
      const answer = await this.send(url, options);
      const { location } = answer.headers;
      if (location === undefined) return { url, answer, html: answer.body.toString() };
      url = new URL(location, url).href;
      options = { headers: { ...ACCEPTS_PAGES } };
    }
    throw new Error(`More than ${MAX_REDIRECTS} redirects from ${start}`);
  }

  private async send(url: string, options: RequestOptions): Promise<Answer> {
    const isOurs = new URL(url).origin === this.origin;
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { ...options.headers, ...(isOurs && cookie !== '' && { cookie }) };
    const answer = await request(url, { ...options, headers, ca: this.ca });
    if (isOurs) for (const line of answer.headers['set-cookie'] ?? []) this.keep(line);
    return answer;
  }

  private keep(line: string): void {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    if (name === undefined || value === undefined) return;
    if (/max-age=0|expires=thu, 01 jan 1970/i.test(line)) this.cookies.delete(name);
    else this.cookies.set(name, value);
  }
}

import type { Answer } from '../../../support/http-request.js';
import type { AppRequest, TestApp } from '../../../support/test-app.js';
import { cookiesOf } from '../../auth/support/browser.js';
import type { Place } from './places.js';

/** A request; `gives` names the classes of secret that this one answer hands out. */
export interface RecordedRequest extends AppRequest {
  readonly gives?: readonly string[];
}

/** Sends requests to an application and keeps every answer, headers and body. */
export class RecordingClient {
  /** Every answer that came, as a place to be searched. */
  readonly answers: Place[] = [];

  constructor(private readonly app: TestApp) {}

  async send(path: string, { gives, ...options }: RecordedRequest = {}): Promise<Answer> {
    const method = options.method ?? (options.json === undefined ? 'GET' : 'POST');
    const answer = await this.app.request(path, { ...options, method });
    const headers = Object.entries(answer.headers).map(([name, value]) => `${name}: ${String(value)}`);
    this.answers.push({
      kind: 'answers',
      name: `${method} ${path} → ${answer.status}`,
      text: [answer.reason, ...headers, '', answer.body.toString('latin1')].join('\n'),
      mayHold: gives,
    });
    return answer;
  }

  /** The same, but the status must be this one. */
  async expect(status: number, path: string, options: RecordedRequest = {}): Promise<Answer> {
    const answer = await this.send(path, options);
    if (answer.status === status) return answer;
    throw new Error(`${path} answered ${answer.status}: ${answer.body.toString().slice(0, 300)}`);
  }
}

/** The value of a cookie that an answer sets. */
export function cookieIn(answer: Answer, name: string): string | undefined {
  return cookiesOf(answer).get(name)?.get('');
}

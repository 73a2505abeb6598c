import { connect, type Socket } from 'node:net';

const HEAD_END = Buffer.from('\r\n\r\n');
const LENGTH = /\r\ncontent-length: (\d+)/i;

/** One answer and how long it took. */
export interface TimedAnswer {
  readonly status: number;
  /** From the write of the request to the last byte of the answer, in microseconds. */
  readonly micros: number;
}

/** One connection to a server on loopback that carries one request at a time and takes its time. */
export class TimedConnection {
  private readonly socket: Socket;
  private received: Buffer[] = [];
  private length: number | undefined;
  private startedNs = 0n;
  private waiting: { done: (answer: TimedAnswer) => void; fail: (error: Error) => void } | undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => this.take(chunk, process.hrtime.bigint()));
    socket.on('error', (error) => this.waiting?.fail(error));
    socket.on('close', () => this.waiting?.fail(new Error('The server closed the connection')));
  }

  static open(port: number): Promise<TimedConnection> {
    return new Promise((done, fail) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () =>
        done(new TimedConnection(socket)),
      );
      socket.once('error', fail);
    });
  }

  /** Sends a request and waits for its whole answer, which must tell its length. */
  ask(request: Buffer): Promise<TimedAnswer> {
    return new Promise((done, fail) => {
      this.received = [];
      this.length = undefined;
      this.waiting = { done, fail };
      this.startedNs = process.hrtime.bigint();
      this.socket.write(request);
    });
  }

  close(): void {
    this.waiting = undefined;
    this.socket.destroy();
  }

  private take(chunk: Buffer, atNs: bigint): void {
    this.received.push(chunk);
    const bytes = this.received.length === 1 ? chunk : Buffer.concat(this.received);
    this.length ??= lengthOf(bytes);
    if (this.length === undefined || bytes.length < this.length) return;
    const { waiting } = this;
    this.waiting = undefined;
    const status = Number(bytes.toString('latin1', 9, 12));
    waiting?.done({ status, micros: Number(atNs - this.startedNs) / 1_000 });
  }
}

/** How many bytes the answer has, as soon as its head is there. */
function lengthOf(bytes: Buffer): number | undefined {
  const end = bytes.indexOf(HEAD_END);
  if (end < 0) return undefined;
  const [, body = '0'] = LENGTH.exec(bytes.toString('latin1', 0, end)) ?? [];
  return end + HEAD_END.length + Number(body);
}

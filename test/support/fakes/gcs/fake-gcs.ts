import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type { GcsSettings } from '../../../../src/storage/domain/backend-settings.js';
import { GcsAccount } from './gcs-account.js';
import { failureAnswer, type GcsAnswer, GcsFailure, noSuchBucket } from './gcs-answers.js';
import { GcsBucket, type KeptObject, type WantedObject } from './gcs-bucket.js';
import { bytesOf, callOf, errorFormOf, type GcsCall, type GcsOperation } from './gcs-call.js';
import { firstBytes, type GcsFault, GcsFaults } from './gcs-faults.js';
import {
  exchangeAssertion,
  exchangeSubjectToken,
  type GcsLogins,
  impersonate,
  machineMetadata,
  signBlob,
} from './gcs-login-calls.js';
import { deleteObject, listObjects, objectMedia, statObject } from './gcs-object-calls.js';
import { assertSignedUrl } from './gcs-signature.js';
import { keepBytes } from './stored-bytes.js';
import { beginUpload, cancelUpload, insertObject, takeChunk, type UploadPlace } from './gcs-upload-calls.js';

export interface FakeGcsOptions {
  /** For the chance of faults; 1 unless given. */
  seed?: number;
  /** Longest page of a list; 1 000 unless given. */
  maxPage?: number;
  /** Answers leave out the MD5, as for objects that were composed of others. */
  hidesMd5?: boolean;
  /** Checksums that are sent are not compared, as by an emulator. */
  ignoresHashes?: boolean;
  /** Whole objects are sent where a part was asked for, as by a careless proxy. */
  ignoresRanges?: boolean;
}

type Login = (call: GcsCall, logins: GcsLogins) => GcsAnswer | Promise<GcsAnswer>;
const LOGINS: Partial<Record<GcsOperation, Login>> = {
  token: exchangeAssertion,
  sts: exchangeSubjectToken,
  impersonate,
  signBlob,
  metadata: machineMetadata,
};

/**
 * A server on the loopback interface that speaks the JSON API of Google Cloud Storage as far as the registry does, the
 * XML API for signed URLs, and what Google's servers of tokens speak, with one bucket and one service account. It
 * checks every token, assertion, signature, condition and checksum, and fails as `faults` say.
 */
export class FakeGcs {
  readonly account = new GcsAccount();
  readonly faults: GcsFaults;
  /** Every call answered so far, as `media path`. */
  readonly calls: string[] = [];
  /** How many connections were accepted. */
  connections = 0;
  /** The identity token of another cloud that is exchanged for tokens of the account. */
  readonly subjectToken = `subject-${randomUUID()}`;
  readonly audience =
    '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/test/providers/test';
  /** While set, every call that carries a valid token is refused with this status and reason. */
  refusal: { readonly status: number; readonly reason: string } | undefined;
  /** May be changed at any time. */
  readonly options: FakeGcsOptions;
  private readonly directory: string;
  private readonly bucketName = `bucket-${randomUUID()}`;
  private bucket: GcsBucket | undefined = new GcsBucket();
  private server: Server;
  private port: number;

  private constructor(options: FakeGcsOptions, directory: string) {
    this.options = options;
    this.directory = directory;
    this.faults = new GcsFaults(options.seed ?? 1);
  }

  /** Starts a server with an empty bucket. */
  static async start(options: FakeGcsOptions = {}): Promise<FakeGcs> {
    const fake = new FakeGcs(options, await mkdtemp(join(tmpdir(), 'fake-gcs-')));
    fake.port = await fake.listen(0);
    return fake;
  }

  /** Ready to be used with the key of the account. */
  get settings(): GcsSettings {
    return {
      type: 'gcs',
      bucket: this.bucketName,
      endpoint: this.url,
      authMethod: 'service_account',
      projectId: this.account.projectId,
      credentialsJson: JSON.stringify(this.account.credentials(`${this.url}/token`)),
    };
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** An object as it is kept. */
  object(name: string): KeptObject | undefined {
    return this.bucket?.objects.get(name);
  }

  /** Makes an object that the registry did not. */
  async insert(wanted: WantedObject, bytes: Buffer): Promise<void> {
    await this.bucket?.create(wanted, await keepBytes(Readable.from([bytes]), this.directory), null);
  }

  /** Everything that is kept: names, and `unfinished upload of …`. */
  kept(): string[] {
    const sessions = [...(this.bucket?.sessions.values() ?? [])].filter(({ object }) => !object);
    return [
      ...(this.bucket?.sorted('') ?? []).map(({ name }) => name),
      ...sessions.map(({ wanted }) => `unfinished upload of ${wanted.name}`),
    ];
  }

  /** Takes the bucket away with everything in it. */
  removeBucket(): void {
    this.bucket = undefined;
  }

  /** Refuses connections until the function that it returns is called; the data stays. */
  async disconnect(): Promise<() => Promise<void>> {
    await this.close();
    return async () => void (await this.listen(this.port));
  }

  async stop(): Promise<void> {
    await this.close();
    await rm(this.directory, { recursive: true, force: true });
  }

  private async listen(port: number): Promise<number> {
    this.server = createServer((request, response) => {
      this.handle(request, response).catch(() => response.destroy());
    });
    this.server.on('connection', () => (this.connections += 1));
    await new Promise<void>((done) => this.server.listen(port, '127.0.0.1', done));
    return (this.server.address() as AddressInfo).port;
  }

  private async close(): Promise<void> {
    if (!this.server.listening) return;
    const closed = new Promise((done) => this.server.close(done));
    this.server.closeAllConnections();
    await closed;
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = callOf(request);
    if (!asked) return send(request, response, { status: 404, body: 'Not Found' });
    this.calls.push(`${asked.operation} ${asked.name}`.trim());
    const fault = this.faults.draw(asked.operation);
    const length = Number(request.headers['content-length'] ?? 0);
    const call = { ...asked, body: this.faults.damagedArrival(asked.body, length, fault) };
    try {
      if (fault?.kind === 'delay') await pause(fault.delayMs ?? 0);
      if (fault?.kind === 'silence') return;
      if (fault && !fault.afterwards) breakBefore(fault, response);
      const answer = await this.answer(call, fault);
      if (fault?.afterwards) breakBefore(fault, response);
      await send(request, response, fault ? this.faults.damaged(answer, fault) : answer);
    } catch (error) {
      if (!(error instanceof GcsFailure)) throw error;
      request.resume();
      await send(request, response, failureAnswer(error, errorFormOf(asked.operation)));
    }
  }

  private async answer(call: GcsCall, fault: GcsFault | undefined): Promise<GcsAnswer> {
    const { account, url, subjectToken, audience } = this;
    const login = LOGINS[call.operation];
    if (login) return login(call, { account, url, subjectToken, audience });
    if (call.operation === 'signed') return this.signed(call);
    account.assertToken(call.headers.authorization);
    if (this.refusal) throw new GcsFailure(this.refusal.status, this.refusal.reason, 'Refused on purpose');
    if (!this.bucket || call.bucket !== this.bucketName) throw noSuchBucket();
    const { bucket, directory } = this;
    bucket.ignoresHashes = this.options.ignoresHashes ?? false;
    const place = { bucket, directory, url };
    if (call.operation === 'chunk' && fault?.kind === 'cut') return this.cutChunk(call, place);
    return this.carryOut(call, place);
  }

  private signed(call: GcsCall): GcsAnswer {
    assertSignedUrl(call, this.account);
    if (!this.bucket || call.bucket !== this.bucketName) throw new GcsFailure(404, 'NoSuchBucket');
    if (!this.bucket.objects.has(call.name)) throw new GcsFailure(404, 'NoSuchKey');
    const answer = objectMedia(call, this.bucket);
    const type = call.query.get('response-content-type');
    const disposition = call.query.get('response-content-disposition');
    return {
      ...answer,
      headers: {
        ...answer.headers,
        ...(type !== null && { 'content-type': type }),
        ...(disposition !== null && { 'content-disposition': disposition }),
      },
    };
  }

  private carryOut(call: GcsCall, place: UploadPlace): GcsAnswer | Promise<GcsAnswer> {
    const { bucket } = place;
    switch (call.operation) {
      case 'insert':
        return insertObject(call, place);
      case 'begin':
        return beginUpload(call, place);
      case 'chunk':
      case 'progress':
        return takeChunk(call, place);
      case 'cancel':
        return cancelUpload(call, place);
      case 'media':
        return objectMedia(call, bucket, this.options);
      case 'delete':
        return deleteObject(call, bucket);
      case 'list':
        return listObjects(call, bucket, this.options.maxPage);
      case 'stat':
        return statObject(call, bucket);
      default:
        return { status: 200, json: { kind: 'storage#bucket', name: this.bucketName } };
    }
  }

  /** Keeps a part of the bytes of a chunk, and then breaks the connection. */
  private async cutChunk(call: GcsCall, place: UploadPlace): Promise<never> {
    const length = Number(call.headers['content-length'] ?? 0);
    const cut = Math.floor(this.faults.random() * length);
    await takeChunk({ ...call, body: firstBytes(Readable.from(await bytesOf(call)), cut) }, place);
    throw new Error('The connection was cut on purpose');
  }
}

/** Throws the error answer that a fault asks for, or breaks the connection. */
function breakBefore(fault: GcsFault, response: ServerResponse): void {
  if (fault.kind === 'reset') {
    response.socket?.resetAndDestroy();
    throw new Error('The connection was reset on purpose');
  }
  if (fault.kind === 'status') {
    throw new GcsFailure(fault.status ?? 500, fault.code ?? 'backendError', 'Failed on purpose');
  }
}

async function send(request: IncomingMessage, response: ServerResponse, answer: GcsAnswer): Promise<void> {
  const { status, json, headers = {}, body = json === undefined ? '' : JSON.stringify(json) } = answer;
  if (typeof body === 'string') {
    const ofText = {
      ...(json !== undefined && { 'content-type': 'application/json; charset=UTF-8' }),
      ...(status !== 204 && { 'content-length': Buffer.byteLength(body) }),
    };
    response.writeHead(status, { ...ofText, ...headers });
    response.end(request.method === 'HEAD' ? undefined : body);
    return;
  }
  response.writeHead(status, headers);
  let left = Number(headers['content-length']);
  async function* counted(bytes: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
    for await (const chunk of bytes) {
      left -= chunk.length;
      yield chunk;
    }
  }
  // A client that leaves is not a failure of the server.
  await pipeline(counted(body), response, { end: false }).catch(() => undefined);
  if (left > 0) response.destroy();
  else response.end();
}

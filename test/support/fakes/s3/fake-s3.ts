import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type { S3Settings } from '../../../../src/storage/domain/backend-settings.js';
import { S3Accounts, type S3Role } from './s3-accounts.js';
import { failureXml, noSuchBucket, notImplemented, type S3Answer, S3Failure } from './s3-answers.js';
import { plantedObject, S3Bucket, type S3Object } from './s3-bucket.js';
import { callOf, type S3Call, type S3Operation } from './s3-call.js';
import { damaged } from './s3-damage.js';
import { type S3Fault, S3Faults } from './s3-faults.js';
import { listMultipartUploads, listObjects } from './s3-list-calls.js';
import {
  abortMultipartUpload,
  completeMultipartUpload,
  createMultipartUpload,
  uploadPart,
} from './s3-multipart-calls.js';
import {
  type ConditionalWrites,
  deleteObject,
  getObject,
  headObject,
  putObject,
  type S3Place,
} from './s3-object-calls.js';
import { payloadHashOf, verifySignature } from './s3-signature.js';
import { assumeRole, stsFailureXml } from './s3-sts.js';

export interface FakeS3Options {
  /** Objects can be touched only with a session of this role. */
  readonly role?: S3Role;
  /** `honoured` unless given. */
  readonly conditionalWrites?: ConditionalWrites;
  /** For the chance of faults; 1 unless given. */
  readonly seed?: number;
}

const CALLS: Record<string, (call: S3Call, place: S3Place) => S3Answer | Promise<S3Answer>> = {
  AbortMultipartUpload: abortMultipartUpload,
  CompleteMultipartUpload: completeMultipartUpload,
  CreateMultipartUpload: createMultipartUpload,
  DeleteObject: deleteObject,
  GetObject: getObject,
  HeadBucket: () => ({ status: 200 }),
  HeadObject: headObject,
  ListMultipartUploads: listMultipartUploads,
  ListObjectsV2: listObjects,
  PutObject: putObject,
  UploadPart: uploadPart,
};

/**
 * A server on the loopback interface that speaks S3 and STS as far as the registry does, with one bucket: it checks
 * every signature (version 4, in headers and URLs) and checksum, honours conditional writes, takes multipart uploads,
 * and fails as `faults` say.
 */
export class FakeS3 {
  readonly accounts = new S3Accounts();
  readonly faults: S3Faults;
  readonly region = 'eu-test-1';
  /** Every call answered so far, as `PutObject path`. */
  readonly calls: string[] = [];
  /** How many calls of an operation were under way at one moment, at most. */
  readonly mostAtOnce = new Map<S3Operation, number>();
  /** While set, every signed call is refused with this code, e.g. `AccessDenied`. */
  refusal: string | undefined;
  private readonly conditionalWrites: ConditionalWrites;
  private readonly bucketName = `bucket-${randomUUID()}`;
  private readonly directory: string;
  private readonly running = new Map<S3Operation, number>();
  private bucket: S3Bucket | undefined = new S3Bucket();
  private server: Server;
  private port: number;

  private constructor(options: FakeS3Options, directory: string) {
    this.faults = new S3Faults(options.seed ?? 1);
    this.accounts.role = options.role;
    this.conditionalWrites = options.conditionalWrites ?? 'honoured';
    this.directory = directory;
  }

  /** Starts a server with an empty bucket. */
  static async start(options: FakeS3Options = {}): Promise<FakeS3> {
    const fake = new FakeS3(options, await mkdtemp(join(tmpdir(), 'fake-s3-')));
    fake.port = await fake.listen(0);
    return fake;
  }

  /** Ready to be used with the key of the account. */
  get settings(): S3Settings {
    const { accessKeyId, secretAccessKey } = this.accounts.root;
    return {
      type: 's3',
      region: this.region,
      bucket: this.bucketName,
      endpoint: this.url,
      authMethod: 'static',
      accessKeyId,
      secretAccessKey,
    };
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** An object as it is kept. */
  object(key: string): S3Object | undefined {
    return this.bucket?.objects.get(key);
  }

  /** Puts an object into the bucket, past all rules. */
  plant(key: string, bytes: Buffer): void {
    this.bucket?.objects.set(key, plantedObject(key, bytes));
  }

  /** Everything that is kept: keys, and `unfinished upload of …`. */
  kept(): string[] {
    const uploads = this.bucket?.sortedUploads() ?? [];
    return [
      ...(this.bucket?.sorted('') ?? []).map(({ key }) => key),
      ...uploads.map(({ key }) => `unfinished upload of ${key}`),
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
    let operation: S3Operation = 'Unknown';
    let fault: S3Fault | undefined;
    try {
      const call = callOf(request, this.bucketName);
      operation = call.operation;
      this.calls.push(`${operation} ${call.key}`.trim());
      this.count(operation, 1);
      response.once('close', () => this.count(call.operation, -1));
      fault = this.faults.draw(operation);
      if (fault?.kind === 'silence') return;
      if (fault && !fault.afterwards) await strike(fault, response);
      const answer = await this.answer(fault?.kind === 'whole' ? { ...call, range: undefined } : call);
      if (fault?.afterwards) await strike(fault, response);
      await send(request, response, fault ? damaged(answer, fault, this.faults) : answer);
    } catch (error) {
      if (!(error instanceof S3Failure)) throw error;
      const body = operation === 'AssumeRole' ? stsFailureXml(error) : failureXml(error);
      request.resume();
      await send(request, response, { status: error.status, body });
    }
  }

  private count(operation: S3Operation, change: number): void {
    const running = (this.running.get(operation) ?? 0) + change;
    this.running.set(operation, running);
    this.mostAtOnce.set(operation, Math.max(running, this.mostAtOnce.get(operation) ?? 0));
  }

  private async answer(call: S3Call): Promise<S3Answer> {
    if (call.operation === 'AssumeRole') return assumeRole(call, this.accounts, this.region);
    const key = verifySignature(call, this.accounts, {
      region: this.region,
      service: 's3',
      payloadHash: payloadHashOf(call),
    });
    if (this.refusal !== undefined) throw new S3Failure(403, this.refusal);
    if (!this.accounts.mayUseObjects(key)) throw new S3Failure(403, 'AccessDenied');
    if (!this.bucket || call.bucket !== this.bucketName) throw noSuchBucket();
    const { bucket, directory, conditionalWrites } = this;
    const carryOut = CALLS[call.operation];
    if (!carryOut) throw notImplemented();
    return carryOut(call, { bucket, directory, conditionalWrites });
  }
}

const CODES: Record<number, string> = { 429: 'TooManyRequests', 500: 'InternalError', 503: 'SlowDown' };

/** Waits, throws the error answer that a fault asks for, or breaks the connection. */
async function strike(fault: S3Fault, response: ServerResponse): Promise<void> {
  if (fault.kind === 'delay') await pause(fault.delayMs ?? 0);
  if (fault.kind === 'reset') {
    response.socket?.resetAndDestroy();
    throw new Error('The connection was reset on purpose');
  }
  if (fault.kind !== 'status') return;
  const { status = 500 } = fault;
  throw new S3Failure(status, fault.code ?? CODES[status] ?? 'InternalError');
}

async function send(request: IncomingMessage, response: ServerResponse, answer: S3Answer): Promise<void> {
  const { status, body = '' } = answer;
  // That of Node comes from the real clock, which a test may have moved.
  const date = new Date().toUTCString();
  const headers = { date, 'x-amz-request-id': 'fake', ...answer.headers };
  if (typeof body === 'string') {
    const bytes = Buffer.from(body);
    const ofText = bytes.length > 0 ? { 'content-type': 'application/xml' } : {};
    const hasLength = status !== 204 && !('content-length' in headers);
    response.writeHead(status, {
      ...ofText,
      ...(hasLength ? { 'content-length': bytes.length } : {}),
      ...headers,
    });
    response.end(request.method === 'HEAD' ? undefined : bytes);
    return;
  }
  response.writeHead(status, headers);
  await pipeline(body, response, { end: false });
  if (answer.breaksOff) response.destroy();
  else if (!answer.stalls) response.end();
}

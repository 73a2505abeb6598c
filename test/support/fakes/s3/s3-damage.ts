import type { S3Answer } from './s3-answers.js';
import type { S3Fault, S3Faults } from './s3-faults.js';

/** An answer with an object in it, damaged as `fault` says; other answers as they are. */
export function damaged(answer: S3Answer, fault: S3Fault, faults: S3Faults): S3Answer {
  const length = Number(answer.headers?.['content-length'] ?? 0);
  const { body } = answer;
  if (typeof body !== 'object' || length === 0) return answer;
  if (fault.kind === 'corrupt') {
    return { ...answer, body: withWrongByte(body, Math.floor(faults.random() * length)) };
  }
  const kept = Math.floor(faults.random() * length);
  if (fault.kind === 'cut') return { ...answer, body: firstBytes(body, kept), breaksOff: true };
  if (fault.kind === 'stall') return { ...answer, body: firstBytes(body, kept), stalls: true };
  if (fault.kind !== 'short') return answer;
  return { ...answer, headers: { ...answer.headers, 'content-length': kept }, body: firstBytes(body, kept) };
}

async function* withWrongByte(bytes: AsyncIterable<Buffer>, position: number): AsyncIterable<Buffer> {
  let at = 0;
  for await (const chunk of bytes) {
    const here = position - at;
    at += chunk.length;
    if (here < 0 || here >= chunk.length) {
      yield chunk;
      continue;
    }
    // The stored bytes stay as they are.
    const copy = Buffer.from(chunk);
    copy[here]! ^= 0x40;
    yield copy;
  }
}

async function* firstBytes(bytes: AsyncIterable<Buffer>, length: number): AsyncIterable<Buffer> {
  let left = length;
  for await (const chunk of bytes) {
    if (left > 0) yield chunk.subarray(0, left);
    left -= chunk.length;
    if (left <= 0) return;
  }
}

import type { OutboundFailed } from './outbound-http.errors.js';

/** Who wants to know how the reading of a body ends. */
export interface BodyWatch {
  /** The body was read to its end, or given up. */
  end(): void;
  /** Reading failed; gives what the reader is told. */
  failure(error: unknown): unknown;
}

/** The same bytes; fails with what `tooLarge` gives as soon as they are more than `maxBytes`. */
export function cappedBody(
  body: ReadableStream<Uint8Array>,
  options: BodyWatch & { readonly maxBytes: number; readonly tooLarge: () => OutboundFailed },
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let received = 0;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (done) {
          options.end();
          return controller.close();
        }
        received += value.byteLength;
        if (received > options.maxBytes) throw options.tooLarge();
        controller.enqueue(value);
      } catch (error) {
        await reader.cancel().catch(() => undefined);
        throw options.failure(error);
      }
    },
    async cancel() {
      options.end();
      await reader.cancel().catch(() => undefined);
    },
  });
}

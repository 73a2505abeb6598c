/** A command of the SDK, as far as its middleware goes. */
interface WithMiddleware {
  readonly middlewareStack: {
    add(
      middleware: (next: (args: never) => Promise<never>) => (args: never) => Promise<never>,
      options: { step: 'build'; name: string },
    ): void;
  };
}

/** Base64 of a digest in hex, as headers and XML of S3 have it. */
export function base64Of(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64');
}

/** The same command, signed with a SHA-256 of its body that is known already: the SDK would hash all bytes once more. */
export function withPayloadHash<Command>(command: Command, sha256: string): Command {
  (command as WithMiddleware).middlewareStack.add(
    (next) => (args: { request: { headers: Record<string, string> } }) => {
      args.request.headers['x-amz-content-sha256'] = sha256;
      return next(args as never);
    },
    { step: 'build', name: 'knownPayloadHash' },
  );
  return command;
}

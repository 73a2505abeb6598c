import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';

/**
 * Nest's adapter over a Fastify instance that is already set up: middleware, Nest's own error and not-found
 * answers and its multipart registration stay out.
 */
export class RegistryFastifyAdapter extends FastifyAdapter {
  constructor(fastify: FastifyInstance) {
    super(fastify as never);
  }

  /** Without middleware there is nothing to prepare. */
  override async init(): Promise<void> {}

  /** The instance answers errors itself. */
  override setErrorHandler(): never {
    return this.getInstance() as never;
  }

  /** The instance answers unknown paths itself. */
  override setNotFoundHandler(): never {
    return this.getInstance() as never;
  }
}

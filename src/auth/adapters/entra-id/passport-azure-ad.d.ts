declare module 'passport-azure-ad' {
  import type { Strategy } from 'passport';

  interface BearerStrategyOptions {
    identityMetadata: string;
    clientID: string;
    issuer: string[];
    audience: string[];
    validateIssuer: boolean;
    clockSkew: number;
    loggingLevel: 'info' | 'warn' | 'error';
    loggingNoPII: boolean;
    passReqToCallback: false;
  }

  type Done = (error: unknown, user?: object | false, info?: unknown) => void;

  export class BearerStrategy implements Strategy {
    name: string;
    constructor(options: BearerStrategyOptions, verify: (claims: object, done: Done) => void);
    authenticate(request: never, options?: object): void;
    loadMetadata(parameters: object, next: (error: unknown, metadata?: object) => void): void;
  }
}

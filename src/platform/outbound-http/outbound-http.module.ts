import { Global, Module } from '@nestjs/common';
import { EgressConfig } from '../../config/egress.config.js';
import { EgressGuard } from './egress-guard.js';
import { GuardedAgents } from './guarded-agents.js';
import { OutboundHttp } from './outbound-http.js';

/** Outgoing requests and connections behind the egress guard. No routes and no tables. Global, as technical services are. */
@Global()
@Module({
  providers: [
    {
      provide: EgressGuard,
      useFactory: (config: EgressConfig) => new EgressGuard(config),
      inject: [EgressConfig],
    },
    GuardedAgents,
    OutboundHttp,
  ],
  exports: [EgressGuard, GuardedAgents, OutboundHttp],
})
export class OutboundHttpModule {}

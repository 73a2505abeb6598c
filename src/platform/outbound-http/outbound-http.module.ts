import { Global, Module } from '@nestjs/common';
import { EgressConfig } from '../../config/egress.config.js';
import { EgressGuard } from './egress-guard.js';
import { OutboundHttp } from './outbound-http.js';

/** Outgoing requests behind the egress guard. No routes and no tables. Global, as technical services are. */
@Global()
@Module({
  providers: [
    {
      provide: EgressGuard,
      useFactory: (config: EgressConfig) => new EgressGuard(config),
      inject: [EgressConfig],
    },
    OutboundHttp,
  ],
  exports: [EgressGuard, OutboundHttp],
})
export class OutboundHttpModule {}

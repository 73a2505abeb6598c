import { Global, Module } from '@nestjs/common';
import { ApiDescription } from './api-description.js';
import { ApiDocsController } from './api-docs.controller.js';

/** The description of the interface: `/swagger.json`, `/openapi.json` and the page `/api-docs/`. No tables. */
@Global()
@Module({ controllers: [ApiDocsController], providers: [ApiDescription], exports: [ApiDescription] })
export class ApiDocsModule {}

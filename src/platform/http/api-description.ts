import { Injectable } from '@nestjs/common';

/** The OpenAPI document of the running application; made when somebody asks for it, kept as bytes. */
@Injectable()
export class ApiDescription {
  private source: () => object = () => ({});
  private json: Buffer | undefined;

  /** Says how the document is made; called once the routes are known. */
  describeWith(source: () => object): void {
    this.source = source;
    this.json = undefined;
  }

  /** JSON text. */
  bytes(): Buffer {
    this.json ??= Buffer.from(JSON.stringify(this.source()));
    return this.json;
  }
}

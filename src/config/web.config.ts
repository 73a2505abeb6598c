import { IsEmail } from 'class-validator';
import { Setting } from './setting.decorator.js';

/** What is served to browsers: pages, and the description of the HTTP interface. */
export class WebConfig {
  @Setting({
    key: 'web.enabled',
    type: 'bool',
    description:
      "The server's own pages; false when another web client is served under the same origin. The pages of terraform login stay.",
  })
  readonly enabled: boolean = true;

  @Setting({
    key: 'api_docs.enabled',
    type: 'bool',
    description: 'Serve the interface description and its pages.',
  })
  readonly apiDocsEnabled: boolean = true;

  @Setting({
    key: 'api_docs.terms_of_service',
    type: 'string',
    description: 'Terms of service, shown in the interface description.',
  })
  readonly apiDocsTermsOfService?: string;

  @Setting({ key: 'api_docs.contact_name', type: 'string', description: 'Contact name, shown there.' })
  readonly apiDocsContactName?: string;

  @Setting({ key: 'api_docs.contact_email', type: 'string', description: 'Contact address, shown there.' })
  @IsEmail({ require_tld: false }, { message: 'expected an e-mail address' })
  readonly apiDocsContactEmail?: string;

  @Setting({ key: 'api_docs.license', type: 'string', description: 'License name, shown there.' })
  readonly apiDocsLicense?: string;
}

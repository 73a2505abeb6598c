import { IsEmail } from 'class-validator';
import { Setting } from './setting.decorator.js';

/** The description of the HTTP interface that is served to browsers. */
export class WebConfig {
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

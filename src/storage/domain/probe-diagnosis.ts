import type { BackendType } from './backend-settings.js';

/** Why a storage did not pass its test, for an administrator, and the field of the interface where to look. */
export interface Diagnosis {
  readonly sentence: string;
  readonly field?: string;
}

interface Symptom {
  /** Words in the names, codes and texts of a failure and of what caused it. */
  readonly words: RegExp;
  readonly sentence: string;
  readonly fields?: Partial<Record<BackendType, string>>;
}

const ENDPOINT = { s3: 's3_endpoint', azure: 'azure_endpoint', gcs: 'gcs_endpoint' };
const PLACE = { s3: 's3_bucket', azure: 'azure_container_name', gcs: 'gcs_bucket' };
const CREDENTIALS = { s3: 's3_auth_method', azure: 'azure_auth_method', gcs: 'gcs_auth_method' };
const REGION = { s3: 's3_region' };
const PLACE_NAMES: Readonly<Record<BackendType, string>> = {
  local: 'directory',
  azure: 'container',
  s3: 'bucket',
  gcs: 'bucket',
};

/** The first that fits counts; `%` is the word for the place. Vendors say the same in their own words. */
const SYMPTOMS: readonly Symptom[] = [
  {
    words: /EgressRefused|egress_refused/,
    sentence:
      'The address of the storage may not be reached by this server; an operator can allow it in security.egress.allowlist',
    fields: ENDPOINT,
  },
  {
    words:
      /NoSuchBucket|InvalidBucketName|ContainerNotFound|InvalidResourceName|bucket does not exist|GcsRefusal 404/i,
    sentence: 'There is no such %: check its name, or create it',
    fields: PLACE,
  },
  {
    words:
      /PermanentRedirect|AuthorizationHeaderMalformed|IllegalLocationConstraint|region .*is wrong|wrong region/i,
    sentence: 'The % is in another region: check the region',
    fields: REGION,
  },
  {
    words: /RequestTimeTooSkewed/,
    sentence: 'The clocks of this server and of the storage differ: set them right',
  },
  {
    words: /ENOTFOUND|EAI_AGAIN/,
    sentence: 'The host of the storage is not known: check the address, and what it is made of',
    fields: ENDPOINT,
  },
  {
    words: /WRONG_VERSION_NUMBER|EPROTO|HPE_INVALID/,
    sentence: 'The storage speaks another protocol: check whether the address is one of http or https',
    fields: ENDPOINT,
  },
  {
    words: /CERT|self-signed|UNABLE_TO_VERIFY|SSL|TLS/,
    sentence:
      'The certificate of the storage is not trusted; an operator can add its authority with security.egress.ca_file',
    fields: ENDPOINT,
  },
  {
    words: /DeadlinePassed|ETIMEDOUT|TimeoutError|Timeout/,
    sentence: 'The storage did not answer in time: check the address, and whether the network leads there',
    fields: ENDPOINT,
  },
  {
    words: /ECONNREFUSED|ECONNRESET|EHOSTUNREACH|ENETUNREACH|EPIPE|socket hang up/,
    sentence: 'The storage cannot be reached: check the address, and whether the network leads there',
    fields: ENDPOINT,
  },
  {
    words:
      /InvalidAccessKeyId|SignatureDoesNotMatch|AuthenticationFailed|InvalidAuthenticationInfo|InvalidToken|ExpiredToken|UnrecognizedClient|InvalidIdentityToken|GcsLoginFailed|GcsRefusal 401|Credentials/i,
    sentence: 'The storage does not accept the credentials: check them and the authentication method',
    fields: CREDENTIALS,
  },
];

const SETTINGS =
  'The storage does not accept its settings: check the name of the %, the address and the credentials';
const DENIED =
  'The server may not use the %: check the credentials, and whether they may write, read, list and delete objects there';
const UNKNOWN = 'The storage did not work as it should; the log of the server says more';
const LOCAL_DENIED = 'The directory cannot be used: the user of the server needs the right to write there';
const LOCAL_UNKNOWN = 'The directory cannot be used: check that it is one, on a disk with free space';

/** What to tell about a failure. `reason` is that of `ObjectStoreRejected`, where the store refused. */
export function diagnose(type: BackendType, failure: unknown, reason: string | undefined): Diagnosis {
  const words = wordsOf(failure);
  const place = PLACE_NAMES[type];
  if (type === 'local') {
    const isDenied = reason === 'denied' || /EACCES|EPERM|EROFS/.test(words);
    return { sentence: isDenied ? LOCAL_DENIED : LOCAL_UNKNOWN, field: 'local_base_path' };
  }
  const symptom = SYMPTOMS.find((one) => one.words.test(words));
  if (symptom) return { sentence: symptom.sentence.replace('%', place), field: symptom.fields?.[type] };
  if (reason === 'denied') return { sentence: DENIED.replace('%', place), field: CREDENTIALS[type] };
  if (reason === 'settings') return { sentence: SETTINGS.replace('%', place), field: PLACE[type] };
  return { sentence: UNKNOWN };
}

/** Names, codes and texts of an error and of what caused it. They are looked at and never shown. */
function wordsOf(failure: unknown): string {
  const words: unknown[] = [];
  for (let one = failure, depth = 0; one instanceof Error && depth < 8; one = one.cause, depth += 1) {
    const { code, status } = one as { code?: unknown; status?: unknown };
    words.push(one.name, status, code, one.message);
  }
  return words.filter((word) => typeof word === 'string' || typeof word === 'number').join(' ');
}

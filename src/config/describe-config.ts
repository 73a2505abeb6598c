import { AppConfig } from './app-config.js';
import { type BoundSetting, settingsOfApp } from './configured-values.js';
import { isSecret } from './setting-definition.js';
import { formatValue, limitsText } from './setting-text.js';
import { StorageAzureConfig } from './storage-azure.config.js';
import { StorageGcsConfig } from './storage-gcs.config.js';
import { StorageS3Config } from './storage-s3.config.js';

const TITLES: Record<keyof AppConfig, string> = {
  server: 'Server',
  database: 'Database',
  secrets: 'Secrets and development mode',
  storage: 'Storage',
  storageResilience: 'Storages that fail',
  storageMigration: 'Moving to another storage',
  storageScrub: 'Damage in the storage',
  auth: 'Credentials, reading and organizations',
  setup: 'First-run setup',
  localAccounts: 'Local accounts',
  session: 'Browser sessions',
  login: 'terraform login and tofu login',
  oidc: 'Sign-in with OpenID Connect',
  azureAd: 'Azure AD (Entra ID)',
  tokenExchange: 'Pipelines without stored secrets',
  security: 'Browsers and TLS',
  egress: 'Outgoing requests',
  limits: 'Upload and request limits',
  publishing: 'Publishing',
  documentation: 'Documentation of modules and providers',
  search: 'Searches',
  mirror: 'Provider mirrors',
  worker: 'Workers and replicas',
  logging: 'Logging',
  telemetry: 'Metrics',
  notifications: 'Notifications by mail',
  audit: 'Audit log',
  usage: 'Usage reports',
  web: 'Pages and interface description',
};

/** Groups of settings within a concern that have a table of their own. */
const GROUP_TITLES = new Map<Function, string>([
  [StorageAzureConfig, 'Storage: Azure Blob'],
  [StorageS3Config, 'Storage: S3 and compatible'],
  [StorageGcsConfig, 'Storage: Google Cloud Storage'],
]);

const SEARCHED =
  'the first of ./config.yaml, ./config/config.yaml and /etc/terraform-registry/config.yaml that exists is read.';

const EXAMPLE_HEAD = `# Settings of the registry as environment variables. Generated from src/config: npm run docs:generate
# Every line shows the default. An empty variable counts as not set.
# Each secret may also come from a file: the same name with the suffix _FILE.

# Path of the YAML file. Without it (and without --config) ${SEARCHED}
# CONFIG_PATH=
`;

const REFERENCE_HEAD = `# Configuration

<!-- Generated from src/config: npm run docs:generate -->

Environment variables win over the YAML file, the file over the defaults. The file is named by \`--config\` or
\`CONFIG_PATH\`; without them ${SEARCHED}
Relative paths start from the working directory. An empty variable counts as not set.

\`npm run cli -- config check\` reports every problem at once and exits with status 2 when there is one;
\`npm run cli -- config print\` shows the effective values with their source.

| Type | Form |
| --- | --- |
| bool | \`true\`, \`false\`, \`1\`, \`0\` |
| duration | \`30s\`, \`15m\`, \`1h30m\`, \`7d\` |
| size | bytes, or a number with a unit: \`100MiB\`, \`500MB\` |
| url | absolute \`http\` or \`https\`; a trailing slash is removed |
| list, cidr list, secret list | a YAML sequence; comma-separated in the environment |
| secret, key | never logged. The same name with the suffix \`_FILE\` (\`_file\` in YAML) names a file with the value |

A YAML value that consists of exactly \`\${NAME}\` is replaced by that environment variable. Values from the
environment are taken literally. Unknown \`TFR_\` variables and YAML keys are reported as a warning.
`;

const TYPE_NAMES: Partial<Record<string, string>> = {
  'cidr-list': 'cidr list',
  'secret-list': 'secret list',
  'encryption-key': 'key',
  'encryption-key-list': 'key list',
};

/** The text of `.env.example`: every setting with its meaning and default, commented out. */
export function envExampleText(): string {
  const sections = byTitle().map(([title, settings]) => {
    const entries = settings.map(({ definition, target }) => {
      const value =
        definition.defaultText === undefined ? defaultOf(target[definition.property], definition.type) : '';
      const note = definition.defaultText === undefined ? '' : ` Default: ${definition.defaultText}.`;
      const values = definition.values === undefined ? '' : ` One of ${definition.values.join(', ')}.`;
      return `# ${definition.description}${values}${note}\n# ${definition.env}=${value}\n`;
    });
    return `\n## ${title}\n\n${entries.join('\n')}`;
  });
  return EXAMPLE_HEAD + sections.join('');
}

/** The text of `docs/reference/configuration.md`: one table per concern. */
export function configurationReferenceText(): string {
  const sections = byTitle().map(([title, settings]) => {
    const rows = settings.map(referenceRow).join('\n');
    return `\n## ${title}\n\n| Variable | YAML key | Type | Default | Meaning |\n| --- | --- | --- | --- | --- |\n${rows}\n`;
  });
  return REFERENCE_HEAD + sections.join('');
}

function byTitle(): [string, BoundSetting[]][] {
  const settings = settingsOfApp(new AppConfig());
  return (Object.keys(TITLES) as (keyof AppConfig)[]).flatMap((concern) => {
    const own = settings.filter((setting) => setting.concern === concern);
    const tables = Map.groupBy(
      own,
      ({ target }) => GROUP_TITLES.get(target.constructor as Function) ?? TITLES[concern],
    );
    return [...tables];
  });
}

function referenceRow({ definition, target }: BoundSetting): string {
  const { env, synonyms = [], key, type, description, defaultText } = definition;
  const names = [env, ...synonyms].map((name) => `\`${name}\``).join(', ');
  const value = defaultOf(target[definition.property], type);
  const shown = defaultText ?? (value === '' ? '–' : `\`${value}\``);
  const kind =
    definition.values?.map((one) => `\`${one}\``).join(', ') ??
    `${TYPE_NAMES[type] ?? type}${limitsText(definition)}`;
  const cells = [names, key === undefined ? '–' : `\`${key}\``, kind, shown, description];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replace(/<([\w. -]+)>/g, '&lt;$1&gt;')).join(' | ')} |`;
}

function defaultOf(value: unknown, type: BoundSetting['definition']['type']): string {
  return value === undefined || isSecret(type) ? '' : formatValue(type, value);
}

/**
 * The import rules of docs/architecture.md, section "Dependency rules". `npm run arch` checks them,
 * `npm run arch:selftest` proves that each of them can fire.
 */

/** Lowest first. A folder may import what its entry names, and what every feature may use. */
const FEATURE_EDGES = {
  audit: [],
  storage: ['audit'],
  orgs: ['audit'],
  auth: ['orgs', 'audit'],
  scm: ['orgs', 'audit'],
  usage: ['orgs', 'audit'],
  search: ['orgs'],
  modules: ['storage', 'orgs', 'scm', 'audit', 'usage', 'search'],
  providers: ['storage', 'orgs', 'audit', 'usage', 'search'],
  mirror: ['providers', 'modules', 'storage', 'orgs', 'audit', 'usage', 'search'],
  'binary-mirror': ['storage', 'orgs', 'audit', 'usage'],
  setup: ['auth', 'orgs', 'storage', 'audit'],
  discovery: ['auth'],
  // prettier-ignore
  web: [
    'setup', 'discovery', 'mirror', 'binary-mirror', 'modules', 'providers',
    'auth', 'scm', 'usage', 'search', 'orgs', 'storage', 'audit',
  ],
};
/** What every feature may import besides the edges above, lowest first; each may import those before it. */
const COMMON = ['kernel', 'config', 'access', 'platform'];

const FEATURES = Object.keys(FEATURE_EDGES);
const NOT_SPEC = '\\.spec\\.ts$';
const FEATURE = `^src/(${FEATURES.join('|')})/`;
const anyOf = (names) => `(${names.join('|')})`;
const npm = (names) => `(^|/)node_modules/${anyOf(names)}(/|$)`;
const NPM = ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-bundled', 'npm-no-pkg', 'npm-unknown'];

const rule = (name, comment, from, to, more = {}) => ({
  name,
  severity: 'error',
  comment,
  from,
  to,
  ...more,
});

/** One rule per package family: only the files that match `home` may import it. */
const staysHome = (packages, home, comment) =>
  rule('sdk-stays-home', comment, { path: '^src', pathNot: home }, { path: npm(packages) });

module.exports = {
  forbidden: [
    rule('no-circular', 'A cycle has no lowest part to understand or test first.', {}, { circular: true }),

    rule(
      'kernel-is-pure',
      'kernel/ imports only itself and semver.',
      { path: '^src/kernel/', pathNot: NOT_SPEC },
      { dependencyTypesNot: ['core'], pathNot: ['^src/kernel/', npm(['semver', '@types/semver'])] },
    ),
    rule(
      'kernel-is-pure',
      'Of Node, kernel/ uses crypto and stream: no I/O.',
      { path: '^src/kernel/', pathNot: NOT_SPEC },
      { dependencyTypes: ['core'], pathNot: '^(node:)?(crypto|stream)$' },
    ),

    rule(
      'domain-is-pure',
      "domain/ imports its own domain/, kernel/, the values of access/ and other features' domain/ (along feature-edges).",
      { path: `${FEATURE}domain/`, pathNot: NOT_SPEC },
      {
        path: '^src/',
        pathNot: ['^src/kernel/', '^src/access/[^.]+\\.ts$', `${FEATURE}domain/`],
      },
    ),
    rule(
      'domain-is-pure',
      'domain/ uses no npm package.',
      { path: `${FEATURE}domain/`, pathNot: NOT_SPEC },
      { dependencyTypes: NPM },
    ),
    rule(
      'domain-is-pure',
      'Of Node, domain/ uses crypto only: no I/O.',
      { path: `${FEATURE}domain/`, pathNot: NOT_SPEC },
      { dependencyTypes: ['core'], pathNot: '^(node:)?crypto$' },
    ),

    rule(
      'platform-knows-no-feature',
      'platform/ imports kernel, config and access; migrations are listed by platform/database.',
      { path: '^src/platform/', pathNot: NOT_SPEC },
      { path: '^(src|migrations)/', pathNot: [`^src/${anyOf(COMMON)}/`, '^migrations/'] },
    ),
    rule(
      'platform-knows-no-feature',
      'access/ imports kernel only.',
      { path: '^src/access/', pathNot: NOT_SPEC },
      { path: '^src/', pathNot: '^src/(kernel|access)/' },
    ),
    rule(
      'platform-knows-no-feature',
      'config/ imports kernel only.',
      { path: '^src/config/', pathNot: NOT_SPEC },
      { path: '^src/', pathNot: '^src/(kernel|config)/' },
    ),

    rule(
      'rooms-are-private',
      'http/, persistence/, jobs/, adapters/ and upstream/ belong to one feature. The root module registers the entities.',
      { path: '^src/([^/]+)/', pathNot: '^src/platform/' },
      {
        path: '^src/[^/]+/(http|persistence|jobs|adapters|upstream)/',
        pathNot: ['^src/$1/', '^src/platform/'],
      },
    ),
    rule(
      'rooms-are-private',
      'The persistence/ of a platform folder belongs to that folder.',
      { path: '^src/platform/([^/]+)/' },
      { path: '^src/platform/[^/]+/persistence/', pathNot: '^src/platform/$1/' },
    ),
    rule(
      'rooms-are-private',
      'The persistence/ of a platform folder belongs to that folder.',
      { path: '^src/[^/]+/', pathNot: '^src/platform/' },
      { path: '^src/platform/[^/]+/persistence/' },
    ),
    rule(
      'rooms-are-private',
      'Files at the top of src/ see modules, services and entities.',
      { path: '^src/[^/]+\\.ts$' },
      {
        path: '^src/([^/]+|platform/[^/]+)/(http|persistence|jobs|adapters|upstream)/',
        pathNot: ['\\.entity\\.ts$', '^src/platform/(http|jobs)/'],
      },
    ),

    rule(
      'services-do-not-see-http',
      'What a feature can do does not depend on how it is reached.',
      { path: `${FEATURE}[^/]+\\.ts$`, pathNot: ['\\.module\\.ts$', NOT_SPEC] },
      { path: `${FEATURE}http/` },
    ),
    rule(
      'http-does-not-see-persistence',
      'Controllers and presenters use what services return, never entities or repositories.',
      { path: `${FEATURE}http/` },
      { path: '/persistence/' },
    ),
    rule(
      'adapters-only-through-the-module',
      'Which adapter is used is decided in one place per feature.',
      {
        path: '^src/',
        pathNot: [
          '\\.module\\.ts$',
          '/object-store-factory\\.ts$',
          '/scm-hosts\\.ts$',
          '/adapters/',
          NOT_SPEC,
        ],
      },
      { path: '^src/[^/]+/adapters/' },
    ),

    staysHome(['@aws-sdk'], '^src/storage/adapters/s3/', 'The S3 SDK belongs to its adapter.'),
    staysHome(['@azure'], '^src/storage/adapters/azure-blob/', 'The Azure SDK belongs to its adapter.'),
    staysHome(
      ['@google-cloud', 'google-auth-library'],
      '^src/storage/adapters/gcs/',
      'The Google SDK belongs to its adapter.',
    ),
    staysHome(['typeorm'], '(/persistence/|^src/platform/database/)', 'SQL stays in repositories.'),
    staysHome(
      ['@nestjs/typeorm'],
      '(/persistence/|^src/platform/database/|\\.module\\.ts$)',
      'Wiring of repositories stays in module files.',
    ),
    staysHome(
      ['pg', '@types/pg'],
      '^src/platform/(database|jobs|documents)/',
      'The driver is a platform matter.',
    ),
    staysHome(['openpgp'], '^src/platform/signatures/', 'OpenPGP is behind one verifier and one signer.'),
    staysHome(['graphile-worker'], '^src/platform/jobs/', 'The queue is behind Job and JobQueue.'),
    staysHome(
      ['@nestjs/passport', 'passport[^/]*', 'openid-client'],
      '^src/auth/',
      'Sign-in libraries belong to auth/.',
    ),
    staysHome(['jose'], '^src/auth/', 'Signed tokens belong to auth/.'),
    staysHome(['nodemailer'], '^src/platform/mail/', 'One mailer.'),
    staysHome(['preact[^/]*'], '^src/web/', 'Views belong to web/.'),
    staysHome(
      ['undici', 'axios', 'got', 'node-fetch'],
      '^src/platform/outbound-http/',
      'One outbound client.',
    ),
    staysHome(
      ['tar-stream', '@types/tar-stream', 'yauzl', '@types/yauzl'],
      '^src/platform/archives/',
      'One archive reader.',
    ),
    staysHome(
      ['markdown-it', '@types/markdown-it', 'sanitize-html', '@types/sanitize-html'],
      '^src/platform/markdown/',
      'One renderer decides which HTML a publisher may make.',
    ),
    staysHome(
      ['fastify', '@fastify', '@nestjs/platform-fastify'],
      '(^src/platform/http/|^src/(bootstrap|openapi-document)\\.ts$|^src/web/|/http/[^/]+\\.controller\\.ts$)',
      'The HTTP server is a platform matter; a controller may stream.',
    ),

    ...FEATURES.map((feature) =>
      rule(
        'feature-edges',
        `${feature}/ may import ${[...FEATURE_EDGES[feature], ...COMMON].join(', ')}.`,
        { path: `^src/${feature}/`, pathNot: NOT_SPEC },
        {
          path: '^src/[^/]+(/|\\.ts$)',
          pathNot: `^src/${anyOf([feature, ...FEATURE_EDGES[feature], ...COMMON])}/`,
        },
      ),
    ),
    rule(
      'feature-edges',
      'Every folder of src/ has a place in the order.',
      { path: '^src/' },
      { path: '^src/[^/]+/', pathNot: `^src/${anyOf([...COMMON, ...FEATURES])}/` },
    ),

    rule(
      'no-orphans',
      'A file that nothing imports and that imports nothing is left over.',
      { orphan: true, pathNot: ['\\.d\\.ts$', NOT_SPEC] },
      {},
    ),
    rule(
      'not-to-dev-dep',
      'What is shipped needs only what is installed with it.',
      { path: '^(src|migrations)/', pathNot: NOT_SPEC },
      { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'], pathNot: npm(['@types']) },
    ),
    rule(
      'not-to-dev-dep',
      'Every package that is imported stands in package.json.',
      { path: '^(src|migrations)/' },
      { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    ),
    rule(
      'not-to-dev-dep',
      'Every import resolves.',
      { path: '^(src|migrations)/' },
      { couldNotResolve: true },
    ),
    rule(
      'src-not-to-test',
      'The product does not know its tests.',
      { path: '^src/', pathNot: NOT_SPEC },
      { path: ['^(test|bench|scripts)/', NOT_SPEC] },
    ),
  ],
  options: {
    doNotFollow: { path: ['node_modules', '^migrations/'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    moduleSystems: ['es6'],
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      mainFields: ['module', 'main', 'types'],
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.cjs', '.json', '.d.ts'],
    },
    skipAnalysisNotInRules: false,
  },
};

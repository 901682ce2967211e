/** Mutants of sign-in and sessions: origins, states of a link, logins that end. */
import type { Mutant } from './mutant.ts';

const ORIGINS = 'src/api/plugins/origins.ts';
const ORIGINS_TEST = 'src/api/plugins/origins.test.ts';
const RULES = 'src/api/routes/auth-rules.ts';
const AUTH_TEST = 'src/api/routes/auth.test.ts';
const CALLBACK_TEST = 'src/api/routes/auth-callback.test.ts';
const STATE = 'src/accounts/linking/oauth-state.ts';
const SESSIONS_TEST = 'src/api/routes/auth-sessions.test.ts';
const CALLERS = 'src/api/plugins/callers.ts';
const CALLERS_TEST = 'src/api/plugins/callers.test.ts';

export const logins: readonly Mutant[] = [
  {
    guarantee: 'A foreign page changes nothing',
    file: ORIGINS,
    find: 'if (isAllowedOrigin(rules, origin)) return;',
    replace: 'if (isAllowedOrigin(rules, origin) || origin !== null) return;',
    test: ORIGINS_TEST,
    title: 'in production a change comes from one of our own pages',
  },
  {
    guarantee: 'A change names its origin in production',
    file: ORIGINS,
    find: 'else if (rules.isProduction && !isOwnLogout) throw missingOrigin(request);',
    replace: '',
    test: ORIGINS_TEST,
    title: 'in production a change without an origin is refused, a logout of the same site is not',
  },
  {
    guarantee: 'Local pages are strangers in production',
    file: ORIGINS,
    find: '(!rules.isProduction && LOCAL_ORIGIN.test(origin))',
    replace: 'LOCAL_ORIGIN.test(origin)',
    test: ORIGINS_TEST,
    title: 'in production a change comes from one of our own pages',
  },
  {
    guarantee: 'A foreign page begins no link',
    file: ORIGINS,
    find: `if (site === 'same-origin' || site === 'same-site' || site === 'none') return;`,
    replace: `if (site !== '') return;`,
    test: CALLBACK_TEST,
    title: 'a link cannot be begun from a foreign page',
  },
  {
    guarantee: 'Only pages of ours are returned to after sign-in',
    file: RULES,
    find: 'PAGES.has(trimmed) ? trimmed : null',
    replace: 'PAGES.size > 0 ? trimmed : null',
    test: AUTH_TEST,
    title: 'a page of ours is returned to, any other address is not',
  },
  {
    guarantee: 'Only origins of ours are returned to after sign-in',
    file: RULES,
    find: 'return isAllowedOrigin(origins, origin) ? origin : null;',
    replace: 'return isAllowedOrigin(origins, origin) ? origin : origin;',
    test: CALLBACK_TEST,
    title: 'an origin or a page that another writer left unchecked is not gone to',
  },
  {
    guarantee: 'A link ends in the browser that began it',
    file: STATE,
    find: `sql\`state = \${text} and "browserHash" = \${sha256(browserSecret ?? '')}\``,
    replace: `sql\`state = \${text} and "browserHash" <> \${sha256(browserSecret ?? '').slice(1)}\``,
    test: CALLBACK_TEST,
    title: 'a consent that somebody else began ends with nothing in the browser it is pushed into',
  },
  {
    guarantee: 'A link ends with the person who began it',
    file: 'src/accounts/linking/callback.ts',
    find: `return callerId === state.userId ? null : 'link_user_mismatch';`,
    replace: 'return null;',
    test: CALLBACK_TEST,
    title: 'somebody else who signs in meanwhile in the same browser gets no foreign account, and nobody does',
  },
  {
    guarantee: 'A state is good for one callback',
    file: STATE,
    find: `"consumedAt" is null and "expiresAt" > \${now}`,
    replace: `"expiresAt" > \${now}`,
    test: AUTH_TEST,
    title: 'of two callbacks with one state at once, one signs in',
  },
  {
    guarantee: 'A state is good for ten minutes',
    file: STATE,
    find: `"consumedAt" is null and "expiresAt" > \${now}`,
    replace: '"consumedAt" is null',
    test: AUTH_TEST,
    title: 'a callback needs a code and a state that is known, unused, in time and of this browser',
  },
  {
    guarantee: 'Two sign-ins of a new person at once make one user',
    file: 'src/accounts/linking/stored-account.ts',
    find: 'await sql`select pg_advisory_xact_lock(hashtextextended(${person}, 0))`.execute(tx);',
    replace: 'void person;',
    test: AUTH_TEST,
    title: 'two sign-ins of one new person at once make one user',
  },
  {
    guarantee: 'A token that carries a kind is no login',
    file: 'src/accounts/sessions.ts',
    find: 'kind: z.undefined().optional(),',
    replace: 'kind: z.unknown(),',
    test: CALLERS_TEST,
    title: 'forged, malformed, of another algorithm, without an end, or with a kind',
  },
  {
    guarantee: 'A login ends with its token',
    file: CALLERS,
    find: 'if (known !== undefined && known.expiresAt > clock.now()) return known;',
    replace: 'if (known !== undefined) return known;',
    test: CALLERS_TEST,
    title: 'a login ends with its token, also for somebody who never stops calling',
  },
  {
    guarantee: 'Rights are those of the database',
    file: CALLERS,
    find: 'role: roleOf(rights.role) }',
    replace: 'role: session.role }',
    test: CALLERS_TEST,
    title: 'rights are those of the database, not of the token: a claim to more is worth nothing',
  },
  {
    guarantee: 'A right that was taken away is gone within ten seconds',
    file: CALLERS,
    find: 'ttl: RIGHTS_CACHE_MS,',
    replace: 'ttl: 2 * RIGHTS_CACHE_MS,',
    test: CALLERS_TEST,
    title: 'a right that was taken away is gone within ten seconds, also for somebody who never stops calling',
  },
  {
    guarantee: 'A logout ends its login in every copy',
    file: 'src/accounts/session-ends.ts',
    find: 'if (isEnded || (sessionsFrom',
    replace: 'if ((isEnded && false) || (sessionsFrom',
    test: SESSIONS_TEST,
    title: 'a logout ends the login it was made with, at once and in every copy; other logins of the person go on',
  },
  {
    guarantee: 'Signing out everywhere ends what was issued before',
    file: 'src/accounts/session-ends.ts',
    find: '(sessionsFrom !== null && issuedAt < sessionsFrom)',
    replace: 'issuedAt === sessionsFrom',
    test: SESSIONS_TEST,
    title: 'signing out everywhere ends what was issued before, whoever issued it, and nothing that is issued later',
  },
  {
    guarantee: 'Unlinking an account ends the logins of its person',
    file: 'src/accounts/linking/unlink.ts',
    find: 'const sessionsFrom = await endSessionsOf(tx, userId);',
    replace: 'const sessionsFrom = userId === accountId ? await endSessionsOf(tx, userId) : null;',
    test: SESSIONS_TEST,
    title:
      'unlinking an account ends every other login; the browser that asked stays signed in, and no longer than before',
  },
  {
    guarantee: 'The token of an overlay has a key of its own',
    file: 'src/credits/overlay-token.ts',
    find: `return new Uint8Array(hkdfSync('sha256', secret, '', 'memalerts overlay token', 32));`,
    replace: 'return new TextEncoder().encode(secret) ?? hkdfSync;',
    test: 'src/api/routes/overlay.test.ts',
    title: 'overlay tokens have a key of their own; one of an older installation counts until its channel rotates',
  },
];

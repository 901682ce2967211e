/** Mutants of stored tokens and accounts: sealing, row locks, unlinking. */
import type { Mutant } from './mutant.ts';

const VAULT = 'src/accounts/token-vault.ts';
const VAULT_TEST = 'src/accounts/token-vault.test.ts';
const UNLINK = 'src/accounts/linking/unlink.ts';
const UNLINK_TEST = 'src/accounts/linking/unlink.test.ts';
const LINK_TEST = 'src/api/routes/auth-link.test.ts';
const RESEAL = 'src/accounts/reseal.ts';
const RESEAL_TEST = 'src/accounts/reseal.test.ts';

export const tokens: readonly Mutant[] = [
  {
    guarantee: 'A sealed token neither shows nor repeats itself',
    file: 'src/lib/token-seal.ts',
    find: 'seal: (token) => (first ? sealWith(first, token) : token),',
    replace: 'seal: (token) => (first ? sealWith(first, token) && token : token),',
    test: 'src/lib/token-seal.test.ts',
    title: 'any token comes back as it was, and its sealed form neither shows nor repeats it',
  },
  {
    guarantee: 'Two sealed forms of a token differ',
    file: 'src/lib/token-seal.ts',
    find: 'const iv = randomBytes(IV_BYTES);',
    replace: 'const iv = randomBytes(IV_BYTES).fill(0);',
    test: 'src/lib/token-seal.test.ts',
    title: 'any token comes back as it was, and its sealed form neither shows nor repeats it',
  },
  {
    guarantee: 'A rotated token is stored sealed',
    file: VAULT,
    find: 'accessToken: seal.seal(tokens.accessToken),',
    replace: 'accessToken: tokens.accessToken,',
    test: VAULT_TEST,
    title: 'a rotated token is stored, sealed, before anybody gets it',
  },
  {
    guarantee: 'A linked token is stored sealed',
    file: 'src/accounts/linking/stored-account.ts',
    find: '${seal.seal(tokens.accessToken)}, ${refreshToken},',
    replace: '${tokens.accessToken}, ${refreshToken},',
    test: 'src/api/routes/auth.test.ts',
    title: 'tokens are sealed in the database when there is a key',
  },
  {
    guarantee: 'The token of a signed-in person is stored sealed',
    file: 'src/accounts/login.ts',
    find: '= ${seal.seal(tokens.accessToken)},',
    replace: '= ${tokens.accessToken},',
    test: 'src/api/routes/auth.test.ts',
    title: 'tokens are sealed in the database when there is a key',
  },
  {
    guarantee: 'A token that was renewed meanwhile is not overwritten by sealing anew',
    file: RESEAL,
    find: "sql`stored.${column} is not distinct from ${name('old', index)}`",
    replace: "sql`(stored.${column} is not distinct from ${name('old', index)} or true)`",
    test: RESEAL_TEST,
    title: 'a token that is renewed while it is sealed anew is the one that stays',
  },
  {
    guarantee: 'Sealing anew waits for no account whose platform is being asked',
    file: RESEAL,
    find: 'for no key update skip locked',
    replace: 'for no key update',
    test: RESEAL_TEST,
    title: 'an account whose platform is being asked for a token holds up no other, and is sealed when that is over',
  },
  {
    guarantee: 'One process at a time renews a token',
    file: VAULT,
    find: '`${columns(accountId)} for no key update`',
    replace: '`${columns(accountId)}`',
    test: VAULT_TEST,
    title: 'ten callers in two processes cost one refresh when a token is',
  },
  {
    guarantee: 'A token lives from when it was asked for',
    file: VAULT,
    find: 'const outcome = await oauth.refresh(refreshToken);',
    replace: 'const outcome = await oauth.refresh(refreshToken);\n    askedAt.setTime(clock.now().getTime());',
    test: VAULT_TEST,
    title: 'a slow answer does not make a token live longer',
  },
  {
    guarantee: 'A token that was refused is handed out to nobody',
    file: VAULT,
    find: 'if (stored.accessToken !== refusedToken && isAlive(stored, this.#deps.clock.now())) {',
    replace: 'if (isAlive(stored, this.#deps.clock.now())) {',
    test: VAULT_TEST,
    title: 'a token of unknown expiry is valid until it is refused, then refreshed once',
  },
  {
    guarantee: 'The last account of a person stays',
    file: UNLINK,
    find: `if (own.length === 1 && own[0]?.id === accountId) return { kind: 'last_account' };`,
    replace: 'void own;',
    test: LINK_TEST,
    title: 'the last account stays, also when two requests want the last two',
  },
  {
    guarantee: 'Two requests at once do not unlink the last two accounts',
    file: UNLINK,
    find: `where "userId" = \${userId} order by id for update`,
    replace: `where "userId" = \${userId} order by id`,
    test: UNLINK_TEST,
    title: 'of two requests at once that unlink the last two accounts, one is refused',
  },
  {
    guarantee: 'A former bot that became one again meanwhile stays',
    file: UNLINK,
    find: 'await sql`select from "ExternalAccount" where id = ${accountId} for update`.execute(tx);',
    replace: '',
    test: UNLINK_TEST,
    title: 'a former bot that is made a bot again meanwhile stays',
  },
  {
    guarantee: 'Somebody’s own account stays when it is no bot any more',
    file: UNLINK,
    find: `where a.id = \${accountId} and a."linkedAs" = 'bot_link'`,
    replace: `where a.id = \${accountId}`,
    test: UNLINK_TEST,
    title: 'an account that is no bot any more goes with its tokens; somebody’s own account never does',
  },
  {
    guarantee: 'The tokens of an unlinked account are revoked',
    file: UNLINK,
    find: 'if (token !== null) await oauth.revoke(token);',
    replace: 'void [token, oauth];',
    test: UNLINK_TEST,
    title: 'tokens that no key opens are left alone, the others are revoked',
  },
  {
    guarantee: 'Unlinking an account takes its sign-in away',
    file: UNLINK,
    find: 'await clearUserColumns(tx, platforms, userId, account);',
    replace: 'void [clearUserColumns, account];',
    test: LINK_TEST,
    title: 'unlinking the account one signs in with takes the sign-in away with it',
  },
  {
    guarantee: 'An account is unlinked by its person alone',
    file: UNLINK,
    find: `from "ExternalAccount" where "userId" = \${userId} order by id for update`,
    replace: `from "ExternalAccount" where \${userId}::text is not null order by id for update`,
    test: LINK_TEST,
    title: 'an account is listed with its times, oldest first; it is nobody else’s to unlink',
  },
  {
    guarantee: 'A bot is taken back before its account is unlinked',
    file: UNLINK,
    find: `if (role !== undefined) return { kind: 'bot', provider, role };`,
    replace: `if (role === accountId) return { kind: 'bot', provider, role };`,
    test: LINK_TEST,
    title: 'is not listed and not unlinked: how to take it back is told',
  },
];

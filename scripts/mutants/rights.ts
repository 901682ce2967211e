/** Mutants of who may do what: ownership of channels and bots, entitlement, scopes of API tokens. */
import type { Mutant } from './mutant.ts';

const ATTACH = 'src/accounts/linking/attach.ts';
const BOT_LINK_TEST = 'src/api/routes/auth-bot-link.test.ts';
const OWNERSHIP_TEST = 'src/api/routes/bots-ownership.test.ts';
const TOOLS = 'src/api/plugins/tool-callers.ts';
const TOOLS_TEST = 'src/api/plugins/tool-callers.test.ts';
const API_TOKENS = 'src/accounts/api-tokens.ts';
const API_TOKENS_TEST = 'src/api/routes/api-tokens.test.ts';

export const rights: readonly Mutant[] = [
  {
    guarantee: 'A streamer enables their own Kick channel alone',
    file: 'src/platforms/kick/enabling.ts',
    find: 'if (wanted !== providerAccountId && !request.isAdmin)',
    replace: 'if (wanted === null && !request.isAdmin)',
    test: OWNERSHIP_TEST,
    title: "another's channel is refused, whether or not its own streamer uses it",
  },
  {
    guarantee: 'A streamer enables their own Trovo channel alone',
    file: 'src/platforms/trovo/api-side.ts',
    find: `if (asked !== '' && asked !== own) throw`,
    replace: `if (asked !== '' && own === '') throw`,
    test: OWNERSHIP_TEST,
    title: "another's channel is refused, whether or not its own streamer uses it",
  },
  {
    guarantee: 'Somebody’s linked account becomes nobody else’s',
    file: ATTACH,
    find: `if (known !== null && !isKnown) return { kind: 'refused', reason: 'account_already_linked', isKnown: true };`,
    replace: '',
    test: BOT_LINK_TEST,
    title: 'somebody else’s account becomes nobody else’s bot',
  },
  {
    guarantee: 'Only an owner links the default bot',
    file: ATTACH,
    find: `return user.role === 'admin' ? null : 'forbidden';`,
    replace: 'return null;',
    test: BOT_LINK_TEST,
    title: 'who was an owner or a streamer when the link began, and is none when it ends, brings no bot',
  },
  {
    guarantee: 'A bot is linked for the channel that its streamer has now',
    file: ATTACH,
    find: 'user.channelId === null || user.channelId !== state.channelId)',
    replace: 'user.channelId === null)',
    test: BOT_LINK_TEST,
    title: 'a link that began for one channel ends with nothing once the streamer has another',
  },
  {
    guarantee: 'A channel without the entitlement brings no bot',
    file: ATTACH,
    find: `if (!isEntitledToBot) return 'subscription_required';`,
    replace: '',
    test: BOT_LINK_TEST,
    title: 'without the entitlement at the end nothing is kept of a new account',
  },
  {
    guarantee: 'An account speaks for one channel',
    file: ATTACH,
    find: `return isTaken ? 'bot_account_in_use' : null;`,
    replace: 'return isTaken ? null : null;',
    test: BOT_LINK_TEST,
    title: 'an account speaks for one channel: a second channel of its user is refused it',
  },
  {
    guarantee: 'An entitlement that ended is none',
    file: 'src/accounts/entitlements.ts',
    find: `where('expiresAt', '>', now)`,
    replace: `where('expiresAt', '<>', now)`,
    test: BOT_LINK_TEST,
    title: 'an entitlement that has run out is none; an account that was linked before keeps its new grant',
  },
  {
    guarantee: 'The owner’s own account is never a bot',
    file: 'src/accounts/credentials-queries.ts',
    find: '${sql.join(isNoBot, sql` `)}',
    replace: '${sql.join(isNoBot.slice(1), sql` `)}',
    test: 'src/accounts/credentials-queries.test.ts',
    title: "the owner's account is never a bot",
  },
  {
    guarantee: 'The fate of a message is shown to its channel alone',
    file: 'src/engine/outbox/queue.ts',
    find: `where id = \${id} and "channelId" = \${channelId}`,
    replace: `where id = \${id} and \${channelId}::text is not null`,
    test: 'src/api/routes/say.test.ts',
    title: 'of another channel, of another provider or of nothing is not found',
  },
  {
    guarantee: 'An API token is revoked by its channel alone',
    file: API_TOKENS,
    find: `.where('channelId', '=', channelId)\n    .where('id', '=', id)`,
    replace: `.where('channelId', '<>', id)\n    .where('id', '=', id)`,
    test: API_TOKENS_TEST,
    title: "another channel's tokens can be neither seen nor revoked",
  },
  {
    guarantee: 'Two requests at once do not pass the limit of API tokens',
    file: 'src/api/routes/api-tokens.ts',
    find: 'await sql`select 1 from "Channel" where id = ${streamer.channelId} for update`.execute(tx);',
    replace: 'await sql`select 1 from "Channel" where id = ${streamer.channelId}`.execute(tx);',
    test: API_TOKENS_TEST,
    title: 'a channel has at most 20 tokens, also when two requests race for the last place',
  },
  {
    guarantee: 'An API token is good for its scopes alone',
    file: TOOLS,
    find: 'if (scopes.includes(scope)) return;',
    replace: 'if (scopes.length > 0) return;',
    test: TOOLS_TEST,
    title: 'tools say, read and change commands, and look messages up, each with its scope and with no other',
  },
  {
    guarantee: 'A route without a scope takes no API token',
    file: TOOLS,
    find: 'if (scope === undefined) refuseTools(request);',
    replace: 'if (scope === undefined) return holder;',
    test: TOOLS_TEST,
    title: 'no other route takes a token, whatever it is good for',
  },
  {
    guarantee: 'An API token ends at its time',
    file: API_TOKENS,
    find: 'if (found === undefined || (found.expiresAt !== null && found.expiresAt <= now)) return null;',
    replace: 'if (found === undefined) return null;',
    test: TOOLS_TEST,
    title: 'once its time is over',
  },
  {
    guarantee: 'An API token ends when its maker leaves the channel',
    file: API_TOKENS,
    find: `case when u."channelId" = t."channelId" then u."channelId" end as "channelId",`,
    replace: `u."channelId",`,
    test: TOOLS_TEST,
    title: 'when its maker may no longer act for the channel',
  },
  {
    guarantee: 'A request with a login cookie is the request of that login',
    file: TOOLS,
    find: ` && !LOGIN_COOKIE.test(headers.cookie ?? '');`,
    replace: ` && LOGIN_COOKIE !== null;`,
    test: TOOLS_TEST,
    title: 'beside a login cookie: that is the request of the login',
  },
];

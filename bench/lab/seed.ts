/** Fills a fresh database as a running installation would have it: streamers, their commands, the linked bot. */
import type pg from 'pg';
import type { Simulator } from './simulator.ts';
import type { World } from './world.ts';

export type SpeaksBy = 'irc' | 'helix';

export interface BenchChannel {
  readonly id: string;
  readonly login: string;
}

export const BOT_LOGIN = 'memalerts_bot';
export const COMMAND = { text: '!hello', reply: 'Привет! Hello from the bot 👋' };
const SCOPES = {
  irc: ['chat:read', 'chat:edit'],
  helix: ['chat:read', 'chat:edit', 'user:read:chat', 'user:write:chat', 'user:bot'],
};

export async function addChannels(
  { pg, twitch }: Pick<World, 'pg' | 'twitch'>,
  count: number,
  { withCommand = true } = {},
): Promise<BenchChannel[]> {
  const owners = await twitch.addChannels(count, 'streamer');
  const { rows } = await pg.query<BenchChannel>(
    `insert into "Channel" (slug, name, "twitchChannelId")
     select login, login, id from unnest($1::text[], $2::text[]) as owner (login, id)
     returning id, slug as login`,
    [owners.map(({ login }) => login), owners.map(({ id }) => id)],
  );
  if (withCommand) {
    await pg.query(
      `insert into "ChatBotCommand" ("channelId", trigger, "triggerNormalized", response)
       select id, $1, $1, $2 from "Channel"`,
      [COMMAND.text, COMMAND.reply],
    );
  }
  await pg.query(`insert into "ChatBotSubscription" ("channelId", "twitchLogin") select id, slug from "Channel"`);
  await pg.query('vacuum analyze');
  return rows;
}

export async function linkBot(pg: pg.Pool, twitch: Simulator, speaksBy: SpeaksBy): Promise<void> {
  const scopes = SCOPES[speaksBy];
  const token = (await twitch.control('issueToken', { person: BOT_LOGIN, scopes })) as Record<string, string>;
  await pg.query(
    `with owner as (insert into "User" ("displayName", role) values ('Owner', 'admin') returning id),
     account as (
       insert into "ExternalAccount" ("userId", provider, "providerAccountId", login, "displayName", "accessToken",
         "refreshToken", scopes, "tokenExpiresAt")
       select id, 'twitch', $1, $2, $2, $3, $4, $5, timezone('utc', now() + interval '3 hours') from owner
       returning id
     )
     insert into "GlobalTwitchBotCredential" ("externalAccountId", enabled) select id, true from account`,
    [token.personId, BOT_LOGIN, token.access, token.refresh, scopes.join(' ')],
  );
}

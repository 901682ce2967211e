/** Sets the stage the way a real installation begins: sign-in, the operator's command, the linked bot, the switches. */
import { runCommand } from '../src/cli/commands.ts';
import type { ChannelId } from '../src/lib/brand.ts';
import { type ApiClient, signIn } from './api-client.ts';
import { linkBot } from './bot-account.ts';
import { type Cast, commands, GREETING } from './script.ts';
import type { Stack } from './stack.ts';
import { until } from './until.ts';

/** Where the conversation takes place. */
export interface Stage {
  readonly stack: Stack;
  readonly cast: Cast;
  /** The streamer's own calls. */
  readonly api: ApiClient;
  readonly channelId: ChannelId;
}

const PATIENCE_SECONDS = 30;

export async function setStage(stack: Stack, cast: Cast): Promise<Stage> {
  await invite(stack, cast);
  const owner = await signIn(stack.apiUrl, cast.owner);
  await operator(stack, 'grant-admin', '--login', cast.owner);
  await linkBot(stack, cast.bot, owner.userId);
  const [stage] = await Promise.all([openChannel(stack, cast), stack.startWorker()]);
  await botIsThere(stack, cast);
  return stage;
}

async function openChannel(stack: Stack, cast: Cast): Promise<Stage> {
  const api = await signIn(stack.apiUrl, cast.streamer);
  await operator(stack, 'create-channel', '--login', cast.streamer, '--name', 'North Pine');
  const { rows } = await stack.pool.pg.query<{ id: ChannelId }>('select id from "Channel"');
  const channelId = rows[0]?.id;
  if (channelId === undefined) throw new Error('create-channel made no channel');
  for (const command of commands) await api.post('/streamer/bot/commands', command);
  const duration = { enabled: true, trigger: '!time', breakCreditMinutes: 60, onlyWhenLive: true };
  await api.patch('/streamer/bot/stream-duration', duration);
  await api.patch('/streamer/bots/twitch', { enabled: true });
  await api.post('/streamer/bot/follow-greetings/enable', { followGreetingTemplate: GREETING });
  return { stack, cast, api, channelId };
}

function operator({ databaseUrl }: Stack, ...argv: string[]): Promise<string> {
  return runCommand(argv, { DATABASE_URL: databaseUrl });
}

async function botIsThere({ twitch }: Stack, { streamer, bot }: Cast): Promise<void> {
  await seen('the bot joins the channel', async () => {
    const readers = (await twitch.control('readers', { channel: streamer })) as string[];
    return readers.includes(bot);
  });
  await seen('Twitch confirms the event subscriptions', async () => {
    const subscriptions = (await twitch.control('subscriptions')) as { status: string }[];
    return subscriptions.length === 3 && subscriptions.every(({ status }) => status === 'enabled');
  });
}

/** The people of the simulated Twitch, with their standing in the channel. */
async function invite({ twitch }: Stack, { owner, streamer, bot, roles }: Cast): Promise<void> {
  await twitch.control('addPerson', { login: owner });
  await twitch.control('addPerson', { login: bot });
  await twitch.control('addChannel', { login: streamer, displayName: 'NorthPine' });
  for (const [person, role] of Object.entries({ [bot]: 'moderator', ...roles })) {
    await twitch.control('addPerson', { login: person });
    await twitch.control('setRole', { channel: streamer, person, role });
  }
}

async function seen(what: string, look: () => Promise<boolean>): Promise<void> {
  const found = await until(PATIENCE_SECONDS, async () => ((await look()) ? true : null));
  if (found === null) throw new Error(`waited ${PATIENCE_SECONDS} s in vain: ${what}`);
}

/** Sets the stage the way a real installation begins: sign-in, the operator's command, the linked bots, the switches. */
import type { LinkedAccount } from '../simulators/world/simulated-platform.ts';
import { runCommand } from '../src/cli/commands.ts';
import type { ChannelId } from '../src/lib/brand.ts';
import { speakingOrder } from '../src/platforms/all.ts';
import type { PlatformDescription } from '../src/platforms/platform.ts';
import { linkDefaultBot } from './accounts.ts';
import { type ApiClient, signIn } from './api-client.ts';
import { type Cast, commands } from './script.ts';
import type { SimulatedChat } from './simulators.ts';
import type { Stack } from './stack.ts';

/** Where the conversations take place: one streamer's channel, on every platform in turn. */
export interface Stage {
  readonly stack: Stack;
  readonly cast: Cast;
  /** The streamer's own calls. */
  readonly api: ApiClient;
  readonly channelId: ChannelId;
}

/** The channel's chat on one platform. */
export interface Room {
  readonly stage: Stage;
  readonly platform: PlatformDescription;
  readonly chat: SimulatedChat;
}

export async function setStage(stack: Stack, cast: Cast): Promise<Stage> {
  const { chat } = roomOf(stack, 'twitch');
  await chat.control('addPerson', { login: cast.owner });
  await chat.control('addChannel', { login: cast.streamer, displayName: 'NorthPine' });
  const owner = await signIn(stack.apiUrl, cast.owner);
  await operator(stack, 'grant-admin', '--login', cast.owner);
  for (const platform of simulated(stack)) {
    const account = (await roomOf(stack, platform.id).chat.stage('linkBot', { name: cast.bot })) as LinkedAccount;
    await linkDefaultBot(stack, owner.userId, platform, cast.bot, account);
  }
  const [stage] = await Promise.all([openChannel(stack, cast), stack.startWorkers()]);
  return stage;
}

/** In the order they are played. */
export function roomsOf(stage: Stage): Room[] {
  return simulated(stage.stack).map(({ id }) => ({ stage, ...roomOf(stage.stack, id) }));
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
  return { stack, cast, api, channelId };
}

function simulated({ chats }: Stack): PlatformDescription[] {
  return speakingOrder.filter(({ id }) => chats.has(id));
}

function roomOf({ chats }: Stack, id: string): Omit<Room, 'stage'> {
  const platform = speakingOrder.find((each) => each.id === id);
  const chat = chats.get(id);
  if (platform === undefined || chat === undefined) throw new Error(`there is no simulated ${id}`);
  return { platform, chat };
}

function operator({ databaseUrl }: Stack, ...argv: string[]): Promise<string> {
  return runCommand(argv, { DATABASE_URL: databaseUrl });
}

/** The bot enters a chat: the streamer's account is linked, the bot switched on, and waited for. */
import type { StreamerChannel } from '../simulators/world/simulated-platform.ts';
import { linkAccount } from './accounts.ts';
import { GREETING } from './script.ts';
import type { Room } from './stage.ts';
import { until } from './until.ts';

const PATIENCE_SECONDS = 30;

export async function enter(room: Room): Promise<void> {
  const { stage, platform, chat } = room;
  const { api, cast, stack } = stage;
  if (platform.id === 'twitch') await invite(room);
  const { account, extra } = (await chat.stage('addStreamer', { name: cast.streamer })) as StreamerChannel;
  if (account !== null) await linkAccount(stack, api.userId, platform, cast.streamer, account);
  await api.patch(`/streamer/bots/${platform.id}`, { enabled: true, ...extra });
  if (platform.id === 'twitch')
    await api.post('/streamer/bot/follow-greetings/enable', { followGreetingTemplate: GREETING });
  await seen(`the bot reads ${cast.streamer} on ${platform.title}`, async () => {
    const { isRead } = (await chat.stage('isRead', { streamers: [cast.streamer] })) as { isRead: boolean };
    return isRead;
  });
  if (platform.id === 'twitch') await followsAreTold(room);
}

/** The people of the simulated Twitch, with their standing in the channel. */
async function invite({ chat, stage }: Room): Promise<void> {
  const { streamer, bot, roles } = stage.cast;
  for (const [person, role] of Object.entries({ [bot]: 'moderator', ...roles })) {
    await chat.control('addPerson', { login: person });
    await chat.control('setRole', { channel: streamer, person, role });
  }
}

async function followsAreTold({ chat }: Room): Promise<void> {
  await seen('Twitch confirms the event subscriptions', async () => {
    const subscriptions = (await chat.control('subscriptions')) as { status: string }[];
    return subscriptions.length === 3 && subscriptions.every(({ status }) => status === 'enabled');
  });
}

async function seen(what: string, look: () => Promise<boolean>): Promise<void> {
  const found = await until(PATIENCE_SECONDS, async () => ((await look()) ? true : null));
  if (found === null) throw new Error(`waited ${PATIENCE_SECONDS} s in vain: ${what}`);
}

import { expect, test, vi } from 'vitest';
import { startApiWorld } from '../support/api-world.ts';
import { Browser } from '../support/browser.ts';
import { BOT_LOGIN, PATIENCE, workerWorld } from '../support/worker-world.ts';

const BOT = '/streamer/bots/twitch/bot';
const DEFAULT = '/owner/bots/twitch/default';
const ENTITLEMENT = '/owner/entitlements/custom-bot';
const FROM_PANEL = { 'sec-fetch-site': 'same-origin' };

/** A chat with a running bot that answers `!hi`, and the API for its streamer and the owner. */
async function world() {
  const worker = await workerWorld();
  const { sim, db } = worker;
  const { northpine: channelId = '' } = await worker.channels('northpine');
  await worker.addCommand(channelId, '!hi', 'hello');
  const env = { TWITCH_CALLBACK_URL: 'https://bots.example/auth/twitch/callback', ...sim.env() };
  const api = await startApiWorld(worker.databaseUrl, { env });
  const [streamer, owner] = [await api.person('streamer'), await api.person('admin')];
  await db.updateTable('User').set({ channelId }).where('id', '=', streamer.userId).execute();
  worker.startWorker();
  await worker.joined('northpine');

  /** Who answers a viewer now. */
  const answerer = async (): Promise<string> => {
    const before = sim.messagesIn('northpine').length;
    sim.say('northpine', 'mira_k', '!hi');
    const answers = () =>
      sim
        .messagesIn('northpine')
        .slice(before)
        .filter(({ transport }) => transport !== 'script');
    await vi.waitFor(() => expect(answers()).toHaveLength(1), PATIENCE);
    return answers()[0]?.author ?? '';
  };
  const told = async () => (await api.ask(streamer, 'GET', BOT)).json.effectiveSender;
  return {
    ...api,
    sim,
    channelId,
    owner,
    streamer,
    answerer,
    link: (person: typeof owner, path: string, as: string) => {
      sim.addPerson(as);
      return new Browser(api, person).walk(path, { as, headers: FROM_PANEL });
    },
    /** From the change on: the API says so at once, and the bot answers so long before a timer (30 s) would tell it. */
    async expectSender(login: string, reason: string): Promise<void> {
      expect(await told()).toMatchObject({ login, reason });
      await vi.waitFor(async () => expect(await answerer()).toBe(login), { timeout: 10_000, interval: 1 });
    },
  };
}

test('the next answer comes from the account the API names, a moment after any change of it', async () => {
  const { ask, owner, streamer, channelId, link, answerer, expectSender, sim } = await world();
  const body = { channelId };
  await expectSender(BOT_LOGIN, 'default_bot');

  await ask(owner, 'POST', `${ENTITLEMENT}/grant`, { body });
  expect((await link(streamer, `${BOT}/link`, 'own_bot')).status).toBe(302);
  await expectSender('own_bot', 'own_bot');

  await ask(owner, 'POST', `${ENTITLEMENT}/revoke`, { body });
  await expectSender(BOT_LOGIN, 'own_bot_not_entitled');
  await ask(owner, 'POST', `${ENTITLEMENT}/grant`, { body });
  await expectSender('own_bot', 'own_bot');

  expect((await link(owner, `${DEFAULT}/link`, 'second_bot')).status).toBe(302);
  await expectSender('own_bot', 'own_bot');
  await ask(streamer, 'DELETE', BOT);
  await expectSender('second_bot', 'default_bot');
  expect((await link(owner, `${DEFAULT}/link`, 'third_bot')).status).toBe(302);
  await expectSender('third_bot', 'default_bot');

  // A token that is refused for good costs not even the answer that finds it out.
  await link(streamer, `${BOT}/link`, 'own_bot');
  await expectSender('own_bot', 'own_bot');
  sim.faults.revokeGrant('own_bot');
  expect(await answerer()).toBe('third_bot');
  await expectSender('third_bot', 'own_bot_relink');
});

import { afterAll, expect, test } from 'vitest';
import { linkingWorld } from '../../../test/support/linking-world.ts';
import { signInCauses } from '../../platforms/causes/sign-in.ts';

const api = await linkingWorld({ onEnd: afterAll });

test('a guest learns what this is, that it works, and where to sign in, in the language their browser likes best', async () => {
  const english = await api.browser().ask('GET', '/');
  expect(english.status).toBe(200);
  for (const text of ['lang="en"', 'Chat bots for streamers', 'This installation works', 'href="/auth/kick"']) {
    expect(english.text).toContain(text);
  }
  const inRussian = { 'accept-language': 'de, ru-RU;q=0.8, en;q=0.5' };
  const russian = await api.browser().ask('GET', '/', inRussian);
  for (const text of ['lang="ru"', 'Чат-боты для стримеров', 'Войти через']) expect(russian.text).toContain(text);
  expect((await api.browser().ask('GET', '/?lang=en', inRussian)).text).toContain('lang="en"');
});

test('whoever signed in lands on a page that exists, knows them, and says what comes next', async () => {
  api.someone('twitch', 'first_guest');
  const browser = api.browser();
  const { at } = await browser.walk('/auth/twitch', { as: 'first_guest' });
  const viewer = await browser.ask('GET', at?.pathname ?? '');
  expect(viewer.status).toBe(200);
  expect(viewer.text).toContain('pnpm memalerts create-channel --login first_guest --provider twitch');
  expect(viewer.text).toContain('pnpm memalerts grant-admin --login first_guest --provider twitch');

  const streamer = await api.streamer();
  const dashboard = await api.browser(streamer).ask('GET', '/dashboard');
  expect(dashboard.text).toContain(streamer.slug);
  for (const text of ['href="/auth/kick/link"', 'PATCH /streamer/bots/']) expect(dashboard.text).toContain(text);
  expect(dashboard.text).not.toContain('/default/link');

  const owner = await api.browser(await api.streamer({ role: 'admin' })).ask('GET', '/');
  expect(owner.text).toContain('href="/owner/bots/kick/default/link"');
});

test('every reason a sign-in can end with is a sentence, and not the same in both languages', async () => {
  const renamed = ['access_denied', 'no_client_id', 'no_callback_url', 'unsupported_provider', 'vk_oauth_error'];
  for (const reason of [...Object.keys(signInCauses), ...renamed]) {
    const address = `/?error=auth_failed&reason=${reason}`;
    const [english, russian] = await Promise.all(
      ['en', 'ru'].map(async (lang) => (await api.browser().ask('GET', `${address}&lang=${lang}`)).text),
    );
    expect(english).toContain('That did not work.');
    expect(russian).toContain('Не получилось.');
    expect([reason, english?.includes(`Reason: ${reason}`)]).toEqual([reason, false]);
  }
});

test('nothing that an address or a name brings becomes markup, and no script may run', async () => {
  const evil = `<img src=x onerror="alert('1')">&`;
  const { userId, ...person } = await api.streamer();
  await api.db.updateTable('User').set({ displayName: evil }).where('id', '=', userId).execute();
  await api.db.updateTable('Channel').set({ name: evil }).where('slug', '=', person.slug).execute();
  const path = `/settings/bot?error=auth_failed&reason=${encodeURIComponent(evil)}&lang=${encodeURIComponent(evil)}`;
  const { text, headers } = await api.browser({ ...person }).ask('GET', path);
  expect(text.split('&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;').length - 1).toBe(3);
  expect(text).not.toContain('<img');
  expect(text).not.toContain('<script');
  expect(headers['content-security-policy']).toMatch(
    /^default-src 'none'; style-src 'sha256-[\w+/=]+'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/,
  );
  expect(headers['x-content-type-options']).toBe('nosniff');
});

test('the pages are those that a sign-in may end at, and no others', async () => {
  for (const [path, status] of [
    ['/settings/bot/kick', 200],
    ['/settings/bot/vk', 200],
    ['/settings/bot/nowhere', 404],
    ['/settings', 404],
  ] as const) {
    expect([path, (await api.browser().ask('GET', path)).status]).toEqual([path, status]);
  }
});

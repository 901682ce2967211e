/** The credits overlay in a browser (docs/contract/http-api.md#overlay-page). */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startApiWorld } from '../support/api-world.ts';
import { launchChromium, missingBrowser } from '../support/chromium.ts';
import { createTestDatabase } from '../support/database.ts';
import { muteableLine } from '../support/muteable-line.ts';
import { ask, credit, namesOn, openPage, openRoll, startAvatarHost, stateOf } from './overlay-stage.ts';
import { lookAtFrames } from './trace.ts';

const CHATTERS = Array.from({ length: 500 }, (_, index) => ({ name: `chatter ${index}` }));
const DONORS = Array.from({ length: 200 }, (_, index) => `donor ${index}`);
const MINUTE = 60_000;

if (missingBrowser !== null) console.warn(`Tests in a browser are left out: ${missingBrowser}`);

describe.runIf(missingBrowser === null)('the overlay in a browser', async () => {
  const { url } = await createTestDatabase();
  let browser: Browser;
  let api: Awaited<ReturnType<typeof startApiWorld>>;
  const stops: (() => unknown)[] = [];
  beforeAll(async () => {
    [browser, api] = await Promise.all([
      launchChromium(),
      startApiWorld(url, { onEnd: (stop) => void stops.push(stop) }),
    ]);
  });
  afterAll(async () => {
    await browser?.close();
    for (const stop of stops) await stop();
  });

  /** A page that shows the credits of a new channel, over a line that can fail. */
  async function show(
    people: Parameters<typeof credit>[2],
    donors: string[] = [],
    { style = {}, provoked, hasClock = false }: { style?: object; provoked?: RegExp; hasClock?: boolean } = {},
  ) {
    const { who, pathname, restyle } = await openRoll(api);
    await restyle(style);
    await credit(api, who, people, donors);
    const line = await muteableLine(api.url);
    onTestFinished(() => line.close());
    const page = await openPage(browser, provoked === undefined ? {} : { provoked });
    if (hasClock) await page.clock.install();
    await page.goto(line.url + pathname);
    await expect.poll(() => page.locator('p').count()).toBe(people.length + donors.length);
    return { who, page, line, restyle };
  }

  test('seven hundred people roll by one animation of the compositor, without script or layout per frame', async () => {
    const { page } = await show(CHATTERS, DONORS);
    expect(await ask(page, 'animations')).toBe(1);
    const seen = await lookAtFrames(browser, page, 2000);
    const { framesPerSecond, longestTaskMs } = seen;
    console.info(`700 people: ${framesPerSecond.toFixed(0)} frames/s, longest task ${longestTaskMs.toFixed(1)} ms`);
    expect(framesPerSecond).toBeGreaterThan(20);
    expect(longestTaskMs).toBeLessThan(50);
    // The state is told again every five seconds, and that is all that runs.
    expect(seen.scripts).toBeLessThanOrEqual(2);
    expect(seen.layouts).toBeLessThanOrEqual(1);
    expect(seen.mainFrames).toBeLessThanOrEqual(3);
  });

  test.each(['up', 'down'])(
    'every name passes the screen %s, and at both ends nobody is seen',
    async (rollDirection) => {
      const { page } = await show(CHATTERS, DONORS, { style: { rollDirection } });
      const { whole, ends } = await ask(page, 'passTheScreen');
      expect(new Set(whole)).toEqual(new Set([...DONORS, ...CHATTERS.map(({ name }) => name)]));
      expect(ends).toEqual([0, 0]);
    },
  );

  test('a new style is shown without a reload, on the same elements, and the roll goes on from where it is', async () => {
    const { page, restyle } = await show(CHATTERS.slice(0, 40), [], { style: { rollSpeed: 100, fontSize: 30 } });
    await ask(page, 'holdAt', 6000);
    expect(await ask(page, 'top')).toBeCloseTo(720 - 600, 0);
    await ask(page, 'mark');
    await restyle({ rollSpeed: 50, fontSize: 30, fontColor: '#ff8800', titleText: 'Thanks!', own: 1 });
    await expect.poll(() => page.locator('h1').textContent()).toBe('Thanks!');
    expect(await ask(page, 'top')).toBeCloseTo(720 - 600, 0);
    expect(await ask(page, 'color')).toBe('rgb(255, 136, 0)');
    expect(await ask(page, 'marked')).toBe(40);
  });

  test('somebody who comes into a section above does not push away what is seen', async () => {
    const { who, page } = await show(CHATTERS.slice(0, 40), [], { style: { rollSpeed: 100 } });
    await ask(page, 'holdAt', 12_000);
    const before = await ask(page, 'firstSeen');
    expect(before).not.toEqual(['chatter 0', expect.anything()]);
    await credit(api, who, [], ['Zoe', 'Yan']);
    await expect.poll(() => page.locator('p').count()).toBe(42);
    expect(await ask(page, 'firstSeen')).toEqual(before);
  });

  test('an avatar that is missing or hangs leaves no gap and is asked for once; the others come beside it', async () => {
    const host = await startAvatarHost(onTestFinished);
    const hows = ['hangs', 'missing', 'moved', 'ok'];
    const people = Array.from({ length: 48 }, (_, index) => ({
      name: `person ${index}`,
      avatarUrl: `${host.url}/${hows[index % 4]}/${index}`,
    }));
    // Two who share an avatar that is missing.
    people.push({ name: 'twin', avatarUrl: `${host.url}/missing/1` });
    const { who, page, restyle } = await show(people, [], { provoked: /404/, hasClock: true });
    await expect
      .poll(async () => {
        await page.clock.runFor(5000);
        return page.locator('img:visible').count();
      })
      .toBe(24);
    const widths = Object.values(await ask(page, 'avatars')).slice(0, 4);
    expect(widths).toEqual([0, 0, 28, 28]);
    await restyle({ avatarSize: 40, showNumbers: true });
    await credit(api, who, [{ name: 'late', avatarUrl: `${host.url}/missing/1` }]);
    await expect.poll(() => page.locator('p').count()).toBe(50);
    expect((await ask(page, 'avatars')).late).toBe(0);
    const asked = host.asked.filter((path) => !path.startsWith('/ok'));
    expect([asked.length, new Set(asked).size]).toEqual([36, 36]);
  });

  test('names are text in every script: markup does nothing, and none leaves its line or turns its neighbour', async () => {
    const names = [
      '<img src=x onerror=alert(1)><script>alert(2)</script>',
      'x'.repeat(1000),
      'Ω≈ç√∫ Ёлка 山田太郎 한국어 नमस्ते',
      'مرحبا بالعالم',
      '\u202Eevil\u202E',
      `z${'\u0301\u0310\u0334\u0322'.repeat(200)}`,
      '👩‍👩‍👧‍👦🏳️‍🌈',
    ];
    const { page } = await show([], names, { style: { showNumbers: true } });
    expect(await namesOn(page)).toEqual(names);
    expect(await ask(page, 'tags')).toEqual(['h1', 'h2', 'p', 'img', 'span', 'bdi']);
    const lines: { isInOrder: boolean; isWithin: boolean; height: number }[] = await ask(page, 'lines');
    expect(lines.map(({ isInOrder, isWithin }) => [isInOrder, isWithin])).toEqual(names.map(() => [true, true]));
    const heights = lines.map(({ height }) => height);
    expect([heights[1], heights[5]]).toEqual([heights[0], heights[0]]);
    expect(Math.max(...heights)).toBeLessThan(80);
  });

  test('the page is transparent', async () => {
    const { page } = await show([{ name: 'Ada' }]);
    expect(new Set(await ask(page, 'backgrounds'))).toEqual(new Set(['rgba(0, 0, 0, 0)']));
  });

  test('a connection that went mute is healed within a minute, and what came meanwhile is shown', async () => {
    const { who, page, line } = await show([{ name: 'Ada' }], [], { hasClock: true });
    line.mute();
    await credit(api, who, [{ name: 'Ben' }]);
    await passTime(page, MINUTE);
    await expect.poll(() => namesOn(page)).toEqual(['Ada', 'Ben']);
    await expect.poll(() => stateOf(page)).toBe('live');
  });

  test('while the API is away for a minute the credits go on, and afterwards they are live again', async () => {
    const { who, page, line } = await show([{ name: 'Ada' }], [], { provoked: /ERR_/, hasClock: true });
    line.cut();
    await expect.poll(() => stateOf(page)).toBe('lost');
    await passTime(page, MINUTE);
    expect([await ask(page, 'playState'), await ask(page, 'isHidden')]).toEqual(['running', false]);
    await credit(api, who, [{ name: 'Ben' }]);
    line.mend();
    await passTime(page, MINUTE);
    await expect.poll(() => namesOn(page)).toEqual(['Ada', 'Ben']);
    await expect.poll(() => stateOf(page)).toBe('live');
  });

  test('a page that OBS hid looks whether its connection still lives when it is shown', async () => {
    const { who, page, line } = await show([{ name: 'Ada' }], [], { hasClock: true });
    line.mute();
    await credit(api, who, [{ name: 'Ben' }]);
    // Timers of a hidden page rest while the clock goes on.
    await page.clock.setSystemTime(Date.now() + MINUTE);
    await ask(page, 'showAgain');
    await expect.poll(() => namesOn(page)).toEqual(['Ada', 'Ben']);
  });

  test('when the source goes on air the credits begin; played once, they end and stay away', async () => {
    const { page } = await show([{ name: 'Ada' }], [], { style: { rollRepeat: 'once' } });
    expect(await ask(page, 'iterations')).toBe(1);
    await ask(page, 'finish');
    expect(await ask(page, 'isAnybodySeen')).toBe(false);
    expect(await ask(page, 'top')).toBeLessThan(0);
    await ask(page, 'goOnAir');
    expect(await ask(page, 'top')).toBeGreaterThan(500);
    expect(await ask(page, 'playState')).toBe('running');
  });

  test('a token that is replaced takes the credits away without a word on stream, and nothing is asked any more', async () => {
    const { who, page, line } = await show([{ name: 'Ada' }], [], { provoked: /403/, hasClock: true });
    const said: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'warning') said.push(message.text());
    });
    await api.ask(who, 'POST', '/streamer/credits/token/rotate');
    await expect.poll(() => stateOf(page)).toBe('revoked');
    expect((await page.locator('body').textContent())?.trim()).toBe('');
    expect(said.filter((text) => text.includes('replaced'))).toHaveLength(1);
    const before = line.opened;
    await passTime(page, 10 * MINUTE);
    expect(line.opened).toBe(before);
  });

  test('a list that does not move stands at the top', async () => {
    const { page } = await show([{ name: 'Ada' }], [], { style: { rollSpeed: 0 } });
    expect([await ask(page, 'animations'), await ask(page, 'top')]).toEqual([0, 0]);
  });
});

/** In steps, so that what a timer starts is answered before the next one fires. */
async function passTime(page: Page, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 15_000) await page.clock.runFor(15_000);
}

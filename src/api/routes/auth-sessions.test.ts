import { SignJWT } from 'jose';
import { afterAll, expect, test } from 'vitest';
import { type ApiWorld, JWT_SECRET, startApiWorld } from '../../../test/support/api-world.ts';
import { Browser } from '../../../test/support/browser.ts';
import { createTestDatabase } from '../../../test/support/database.ts';
import { openEvents } from '../../../test/support/event-reader.ts';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import { issueSession, readSession } from '../../accounts/sessions.ts';

const { url } = await createTestDatabase();
// Never within the second in which something began: what is meant to be later must not depend on it.
const clock = new ManualClock(new Date(Math.floor(Date.now() / 1000) * 1000 + 300));
const api = await startApiWorld(url, { clock, onEnd: afterAll });
const otherCopy = await startApiWorld(url, { clock, onEnd: afterAll });
const ME = '/auth/accounts';
const COUNTS = [200, undefined];
const ENDED = [401, 'SESSION_EXPIRED'];

type Person = Awaited<ReturnType<ApiWorld['streamer']>>;

/** One more login of the same person, as of now. */
const loginOf = async ({ userId, channelId }: Person, sessionsFrom: Date | null = null) => ({
  token: await issueSession({ userId, role: 'streamer', channelId }, JWT_SECRET, 3600, clock.now(), sessionsFrom),
});
/** As another service of the family signs it. */
const foreignLogin = async ({ userId }: Person, iat?: number) => ({
  token: await new SignJWT({ userId, role: 'streamer', ...(iat === undefined ? {} : { iat }) })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime(Math.floor(clock.now().getTime() / 1000) + 3600)
    .sign(new TextEncoder().encode(JWT_SECRET)),
});
const standingOf = (login: { token: string }, copy = api) => copy.codeOf(login, 'GET', ME);
const sessionsFromOf = async ({ userId }: Pick<Person, 'userId'>) =>
  (await api.db.selectFrom('User').select('sessionsFrom').where('id', '=', userId).executeTakeFirst())?.sessionsFrom ??
  null;
const seconds = () => Math.floor(clock.now().getTime() / 1000);

test('a logout ends the login it was made with, at once and in every copy; other logins of the person go on', async () => {
  const who = await api.streamer();
  const other = await loginOf(who);
  for (const copy of [api, otherCopy]) expect(await standingOf(who, copy)).toEqual(COUNTS);
  expect((await api.ask(who, 'POST', '/auth/logout')).status).toBe(200);
  expect(await standingOf(who)).toEqual(ENDED);
  await expect.poll(() => standingOf(who, otherCopy)).toEqual(ENDED);
  expect(await standingOf({ token: other.token })).toEqual(COUNTS);
  expect(await standingOf({ token: other.token }, otherCopy)).toEqual(COUNTS);
});

test('a logout ends every login the request carries: both cookies and a bearer token', async () => {
  const who = await api.streamer();
  const [beta, bearer] = [await loginOf(who), await loginOf(who)];
  const headers = { cookie: `token=${who.token}; token_beta=${beta.token}`, authorization: `Bearer ${bearer.token}` };
  expect((await api.ask(null, 'POST', '/auth/logout', { headers })).status).toBe(200);
  for (const login of [who, beta, bearer]) expect(await standingOf(login)).toEqual(ENDED);
});

test('a login without a name of its own cannot be ended alone: the token of another service keeps working', async () => {
  const who = await api.streamer();
  const foreign = await foreignLogin(who, seconds());
  expect((await api.ask(foreign, 'POST', '/auth/logout')).status).toBe(200);
  expect(await standingOf(foreign)).toEqual(COUNTS);
});

test('signing out everywhere ends what was issued before, whoever issued it, and nothing that is issued later', async () => {
  const who = await api.streamer();
  const before = [who, await loginOf(who), await foreignLogin(who), await foreignLogin(who, seconds() - 5)];
  for (const login of before) expect(await standingOf(login)).toEqual(COUNTS);
  expect((await api.ask(who, 'POST', '/auth/logout/everywhere')).json).toEqual({ ok: true });
  for (const login of before) expect(await standingOf(login)).toEqual(ENDED);
  for (const login of before) await expect.poll(() => standingOf(login, otherCopy)).toEqual(ENDED);
  // Within the same second.
  const again = await loginOf(who, await sessionsFromOf(who));
  expect(await standingOf(again)).toEqual(COUNTS);
  const begins = (await sessionsFromOf(who))?.getTime() ?? 0;
  expect(await standingOf(await foreignLogin(who, begins / 1000))).toEqual(COUNTS);
  // And once more within it.
  await api.ask(again, 'POST', '/auth/logout/everywhere');
  expect(await standingOf(again)).toEqual(ENDED);
  expect(await standingOf(await loginOf(who, await sessionsFromOf(who)))).toEqual(COUNTS);
  const { rows } = await api.pg.query('select action from "AuditLog" where "actorId" = $1', [who.userId]);
  expect(rows.map(({ action }) => action)).toEqual(['auth.logout.everywhere', 'auth.logout.everywhere']);
});

test.each([
  ['behind', -1_800_000],
  ['ahead', 1_800_000],
])('what a copy ends whose clock is half an hour %s is what was issued until then, and no more', async (_, offMs) => {
  const wrong = await startApiWorld(url, { clock: new ManualClock(new Date(clock.now().getTime() + offMs)) });
  const who = await api.streamer();
  expect((await wrong.ask({ token: (await loginOf(who)).token }, 'POST', '/auth/logout/everywhere')).status).toBe(200);
  await expect.poll(() => standingOf(who)).toEqual(ENDED);
  const inAMinute = Math.floor(Date.now() / 1000) + 60;
  expect(await standingOf(await foreignLogin(who, inAMinute))).toEqual(COUNTS);
});

test('a logout ends nobody else’s login, whatever name another service gave it', async () => {
  const [who, other] = [await api.streamer(), await api.streamer()];
  const named = async ({ userId }: Person) => ({
    token: await new SignJWT({ userId, role: 'streamer', iat: seconds() })
      .setProtectedHeader({ alg: 'HS256' })
      .setJti('1')
      .setExpirationTime(seconds() + 3600)
      .sign(new TextEncoder().encode(JWT_SECRET)),
  });
  const [first, second] = [await named(who), await named(other)];
  await api.ask(first, 'POST', '/auth/logout');
  expect([await standingOf(first), await standingOf(second)]).toEqual([ENDED, COUNTS]);
  await api.ask(second, 'POST', '/auth/logout');
  expect([await standingOf(first), await standingOf(second)]).toEqual([ENDED, ENDED]);
});

test('an owner signs somebody out everywhere, which is in the audit log; a streamer may not', async () => {
  const [who, owner] = [await api.streamer(), await api.streamer({ role: 'admin' })];
  const path = `/owner/users/${who.userId}/sign-out`;
  expect(await api.codeOf(who, 'POST', path)).toEqual([403, 'FORBIDDEN']);
  expect(await standingOf(who)).toEqual(COUNTS);
  expect((await api.ask(owner, 'POST', path)).json).toEqual({ ok: true });
  expect(await standingOf(who)).toEqual(ENDED);
  expect(await standingOf(owner)).toEqual(COUNTS);
  expect(await api.codeOf(owner, 'POST', '/owner/users/nobody/sign-out')).toEqual([404, 'NOT_FOUND']);
  const { rows } = await api.pg.query('select action, "payloadJson" from "AuditLog" where "actorId" = $1', [
    owner.userId,
  ]);
  expect(rows).toEqual([{ action: 'owner.users.sign_out', payloadJson: JSON.stringify({ userId: who.userId }) }]);
});

test('unlinking an account ends every other login; the browser that asked stays signed in, and no longer than before', async () => {
  const who = await api.streamer();
  const other = await loginOf(who);
  await api.pg.query(
    `insert into "ExternalAccount" (id, "userId", provider, "providerAccountId", "linkedAs")
     values ($1, $2, 'kick', $1, 'login'), ($3, $2, 'trovo', $3, 'link')`,
    [`k-${who.userId}`, who.userId, `t-${who.userId}`],
  );
  const browser = new Browser(api, who);
  expect((await browser.ask('DELETE', `/auth/accounts/k-${who.userId}`)).json).toEqual({ ok: true });
  expect((await browser.ask('GET', ME)).status).toBe(200);
  for (const login of [who, other]) expect(await standingOf(login)).toEqual(ENDED);
  const token = browser.cookies.get('token') ?? '';
  const [renewed, first] = [token, who.token].map((one) => readSession(one, JWT_SECRET, clock.now()));
  expect((await renewed)?.expiresAt.getTime()).toBeLessThanOrEqual((await first)?.expiresAt.getTime() ?? 0);
});

test('whoever keeps using a login that was ended does not use up the limit of its person', async () => {
  const limited = await startApiWorld(url, { clock, env: { API_USER_REQUESTS_PER_MIN: '5' } });
  const who = await limited.streamer();
  const stolen = await loginOf(who);
  await limited.ask(stolen, 'POST', '/auth/logout');
  for (let times = 0; times < 10; times += 1) expect(await standingOf(stolen, limited)).toEqual(ENDED);
  expect(await standingOf(who, limited)).toEqual(COUNTS);
});

test('an open stream ends within 20 s after its login did, in a copy that gets no hints too', async () => {
  const { url: own } = await createTestDatabase({ forTest: true });
  const time = new ManualClock(new Date());
  const deaf = await startApiWorld(own, { clock: time });
  const who = await deaf.streamer();
  await deaf.pg.query('drop trigger hint_insert on "EndedSession"');
  const stream = await openEvents(deaf.port, '/streamer/events', who);
  await time.advance(10_000);
  const { jti } = await readSession(who.token, JWT_SECRET, time.now());
  const expiresAt = new Date(time.now().getTime() + 3_600_000);
  await deaf.db
    .insertInto('EndedSession')
    .values({ jti: jti ?? '', userId: who.userId, expiresAt })
    .execute();
  await time.advance(20_000);
  await stream.ended;
});

test('while the database is away nobody is told that they are signed out, and may try again', async () => {
  const away = await startApiWorld('postgres://nobody@127.0.0.1:9/none', { clock });
  const who = await api.streamer();
  const { status, headers } = await away.ask(who, 'POST', '/auth/logout');
  expect([status, headers['set-cookie']]).toEqual([503, undefined]);
  // Without a login there is nothing that could be ended.
  expect((await away.ask(null, 'POST', '/auth/logout')).status).toBe(200);
});

test('what was ended is forgotten once its token has expired by itself', async () => {
  const { url: own } = await createTestDatabase({ forTest: true });
  const time = new ManualClock(new Date());
  const pruned = await startApiWorld(own, { clock: time });
  const minutesAgo = (minutes: number) => new Date(time.now().getTime() - minutes * 60_000);
  await pruned.db
    .insertInto('EndedSession')
    .values([
      { jti: 'old', userId: 'u', expiresAt: minutesAgo(90) },
      { jti: 'young', userId: 'u', expiresAt: minutesAgo(-90) },
    ])
    .execute();
  await time.advance(5 * 60_000);
  const left = async () => (await pruned.db.selectFrom('EndedSession').select('jti').execute()).map(({ jti }) => jti);
  await expect.poll(left).toEqual(['young']);
});

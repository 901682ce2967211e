import { expect, test } from 'vitest';
import { startApiWorld } from '../../../test/support/api-world.ts';
import { createTestDatabase } from '../../../test/support/database.ts';

const { url } = await createTestDatabase();

interface Operation {
  /** Method and path; set by `documentedOperations`. */
  readonly name: string;
  readonly path: string;
  readonly description?: string;
  readonly parameters?: readonly { readonly name: string; readonly description?: string }[];
  readonly requestBody?: { readonly content: Record<string, { schema: unknown }> };
  readonly responses: Record<string, { description?: string; content?: Record<string, { schema: unknown }> }>;
  readonly security?: unknown[];
  readonly summary?: string;
}

test('the document is OpenAPI 3.1 and describes every public route with its failures', async () => {
  const api = await startApiWorld(url);
  const { json } = await api.ask(null, 'GET', '/openapi.json');
  expect(json.openapi).toMatch(/^3\.1\./);
  const operations = await documentedOperations();
  expect(operations.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      'GET /streamer/bots',
      'PATCH /streamer/bots/{provider}',
      'POST /streamer/bot/commands',
      'PATCH /streamer/bot/commands/{id}',
      'POST /streamer/bot/say',
      'GET /streamer/bot/outbox/{provider}/{id}',
      'POST /streamer/bot/follow-greetings/enable',
      'PATCH /streamer/bot/stream-duration',
      'POST /streamer/bot/enable',
      'GET /streamer/credits/token',
      'GET /overlay/credits/t/{token}/events',
      'POST /webhooks/twitch/eventsub',
      'GET /auth/{provider}',
      'POST /auth/logout',
      'GET /capabilities',
      'GET /health',
    ]),
  );
  // The relay is nobody's business but the workers'.
  expect(operations.filter(({ path }) => path.startsWith('/internal'))).toEqual([]);
  for (const { path, ...operation } of operations) {
    expect(JSON.stringify(operation.responses.default)).toContain('errorCode');
    expect(operation.security !== undefined).toBe(/^\/(streamer|owner)\//.test(path));
  }
});

test('whoever names a platform chooses from those there are, and is shown one', async () => {
  const api = await startApiWorld(url);
  const { json } = await api.ask(null, 'GET', '/openapi.json');
  const shown = { enum: ['twitch', 'vkvideo', 'youtube', 'trovo', 'kick'], example: 'twitch' };
  const given = Object.values<Record<string, Operation>>(json.paths).flatMap((methods) =>
    Object.values(methods).flatMap(({ parameters = [] }) => parameters.filter(({ name }) => name === 'provider')),
  );
  expect(given.length).toBeGreaterThan(10);
  const said = json.paths['/streamer/bot/say'].post.requestBody.content['application/json'].schema.properties.provider;
  // Whose channels are known by an id of the platform are not all of them.
  const lists = [said, ...given].filter((one) => JSON.stringify(one).includes('"enum"'));
  for (const one of lists) expect(JSON.stringify(one)).toContain(JSON.stringify(shown).slice(1, -1));
  expect(JSON.stringify(said)).toContain('"enum"');
  expect(given.length - lists.length + 1).toBeLessThanOrEqual(2);
});

test('the document says what a body is made of and what it needs', async () => {
  const api = await startApiWorld(url);
  const { json } = await api.ask(null, 'GET', '/openapi.json');
  const bodyOf = (path: string, method: string) =>
    json.paths[path][method].requestBody.content['application/json'].schema;
  expect(bodyOf('/streamer/bot/say', 'post')).toMatchObject({
    properties: { message: { type: 'string', minLength: 1, maxLength: 500 } },
    required: ['message'],
  });
  expect(bodyOf('/streamer/bot/commands', 'post')).toMatchObject({
    properties: {
      trigger: { maxLength: 50 },
      response: { maxLength: 450 },
      allowedRoles: { items: { enum: ['vip', 'moderator', 'subscriber', 'follower'] } },
    },
    required: ['trigger', 'response'],
  });
  expect(bodyOf('/streamer/bots/{provider}', 'patch')).toMatchObject({
    properties: { enabled: { type: 'boolean' } },
    required: ['enabled'],
  });
});

test('the document says what comes back, also where that is no JSON', async () => {
  const api = await startApiWorld(url);
  const { json } = await api.ask(null, 'GET', '/openapi.json');
  const contentOf = (path: string) => Object.keys(json.paths[path].get.responses[200].content);
  expect(contentOf('/overlay/credits/t/{token}')).toEqual(['text/html']);
  expect(contentOf('/overlay/credits/t/{token}/events')).toEqual(['text/event-stream']);
  expect(contentOf('/metrics')).toEqual(['text/plain']);
  expect(json.paths['/auth/{provider}'].get.responses[302].content).toBeUndefined();
  const failure = json.paths['/streamer/bots'].get.responses.default.content['application/json'].schema;
  expect(failure).toMatchObject({ required: ['errorCode', 'error', 'requestId'], additionalProperties: {} });
});

test('the page to read it comes with everything it needs from here, under a policy that lets nothing else in', async () => {
  const api = await startApiWorld(url);
  const page = await api.ask(null, 'GET', '/docs');
  expect([page.status, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
  const addresses = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address ?? '');
  expect(addresses.length).toBeGreaterThan(3);
  for (const address of addresses) {
    expect(address).toMatch(/^\/docs\/static\//);
    expect([address, (await api.ask(null, 'GET', address)).status]).toEqual([address, 200]);
  }
  const policy = String(page.headers['content-security-policy']);
  expect(policy).toContain("default-src 'self'");
  expect(policy).not.toMatch(/https?:|unsafe-eval|script-src[^;]*unsafe/);
  expect((await api.ask(null, 'GET', '/docs/json')).json.openapi).toMatch(/^3\.1\./);
});

const VERBS =
  'Change|Check|Clear|Create|Delete|Disable|Enable|Find|Finish|Get|Grant|List|Queue|Read|Receive|Replace|Revoke|Set|Show|Sign|Start|Stream|Unlink|Update';

test('every summary of the document is an imperative of its own that makes sense without the others', async () => {
  const summaries = (await documentedOperations()).map(({ summary }) => summary ?? '');
  for (const summary of summaries) expect(summary).toMatch(new RegExp(`^(?:${VERBS}) \\S.*[^.]$`));
  expect(summaries).toHaveLength(new Set(summaries).size);
});

/** Their meaning is their name. */
const PLAIN_NAMES = new Set(
  'accounts amount avatarUrl build channelId createdAt currency displayName domain granted id instance items login name ok outbox port profileUrl providers slug status updatedAt userId version'.split(
    ' ',
  ),
);

test('every parameter, field and answer of the document is described in a whole sentence unless its name is enough', async () => {
  const described: [place: string, text: string][] = [];
  for (const operation of await documentedOperations()) {
    const { name, description, parameters = [], requestBody, responses } = operation;
    if (description !== undefined) described.push([name, description]);
    for (const parameter of parameters) described.push([`${name} ${parameter.name}`, parameter.description ?? '']);
    for (const [status, answer] of Object.entries(responses)) {
      described.push([`${name} ${status}`, answer.description ?? ''], ...fieldsOf(`${name} ${status}`, answer.content));
    }
    described.push(...fieldsOf(name, requestBody?.content));
  }
  expect(described.length).toBeGreaterThan(400);
  for (const place of described) expect(place).toEqual([place[0], expect.stringMatching(/^[A-Z`].*[.]$/)]);
});

interface Schema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly additionalProperties?: Schema | boolean;
}

/** Every field with its description; empty where a name that does not say enough has none. */
function fieldsOf(place: string, content: Record<string, { schema: unknown }> = {}): [string, string][] {
  const found: [string, string][] = [];
  const walk = (at: string, schema: Schema): void => {
    for (const [name, field] of Object.entries(schema.properties ?? {})) {
      if (field.description !== undefined || !PLAIN_NAMES.has(name))
        found.push([`${at}.${name}`, field.description ?? '']);
      walk(`${at}.${name}`, field);
    }
    for (const part of [schema.items, ...(schema.anyOf ?? []), schema.additionalProperties]) {
      if (typeof part === 'object') walk(at, part);
    }
  };
  for (const { schema } of Object.values(content)) walk(place, schema as Schema);
  return found;
}

async function documentedOperations(): Promise<Operation[]> {
  const api = await startApiWorld(url);
  const { json } = await api.ask(null, 'GET', '/openapi.json');
  return Object.entries(json.paths as Record<string, Record<string, Operation>>).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      ...operation,
      path,
      name: `${method.toUpperCase()} ${path}`,
    })),
  );
}

/** `/streamer/bot/commands`: the streamer's static commands (docs/contract/http-api.md#commands). */
import { sql } from 'kysely';
import { z } from 'zod';
import { isUniqueViolation } from '../../db/failures.ts';
import type { Db } from '../../db/pool.ts';
import { inTransaction } from '../../db/transaction.ts';
import { comparable } from '../../engine/commands/matching.ts';
import { commandWarnings } from '../../engine/commands/warnings.ts';
import { readDurationSettings } from '../../engine/duration/settings.ts';
import type { ChannelId } from '../../lib/brand.ts';
import { BadInput } from '../../lib/errors.ts';
import { recordAudit } from '../audit.ts';
import type { Api, ApiContext } from '../context.ts';
import { isoTime, messageText, normaliseTrigger, okAnswer, triggerText } from '../fields.ts';
import type { Streamer } from '../plugins/callers.ts';

const MAX_COMMANDS = 200;
const MAX_LOGIN = 64;
const MAX_ROLE_ID = 128;
const ROLES = ['vip', 'moderator', 'subscriber', 'follower'] as const;

const role = z
  .string()
  .meta({ enum: ROLES })
  .transform((raw) => raw.trim().toLowerCase())
  .pipe(z.union([z.enum(ROLES), z.literal('')], `must be one of ${ROLES.join(', ')}`));

const login = z
  .string()
  .meta({ maxLength: MAX_LOGIN })
  .transform((raw) => raw.trim().toLowerCase().replace(/^@+/, ''))
  .pipe(
    z
      .string()
      .max(MAX_LOGIN, `must be at most ${MAX_LOGIN} characters`)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: refusing them is the point
      .regex(/^[^\s\u0000-\u001f\u007f]*$/, 'must not contain white space or control characters'),
  );

const roleId = z
  .string()
  .meta({ maxLength: MAX_ROLE_ID })
  .transform((raw) => raw.trim())
  .pipe(z.string().max(MAX_ROLE_ID, `must be at most ${MAX_ROLE_ID} characters`));

const ABOUT = {
  trigger: 'Chat line that the bot answers: the whole line, in any case.',
  response: 'Text of the answer.',
  enabled: 'Whether the bot answers the command.',
  onlyWhenLive: 'Whether the bot answers only while the channel is live.',
  allowedRoles: 'Roles that may use the command. With all three lists empty, everybody may.',
  allowedUsers: 'Logins that may use the command, whatever their roles.',
  vkvideoAllowedRoleIds: 'Role ids of the platform that may use the command, where the platform has such ids.',
} as const;

const fields = {
  trigger: triggerText.describe(ABOUT.trigger),
  response: messageText(450).describe(ABOUT.response),
  enabled: z.boolean().describe(ABOUT.enabled),
  onlyWhenLive: z.boolean().describe(ABOUT.onlyWhenLive),
  allowedRoles: z.array(role).transform(distinct).describe(ABOUT.allowedRoles),
  allowedUsers: z
    .array(login)
    .max(100, 'must have at most 100 entries')
    .transform(distinct)
    .describe(ABOUT.allowedUsers),
  vkvideoAllowedRoleIds: z
    .array(roleId)
    .max(100, 'must have at most 100 entries')
    .transform(distinct)
    .describe(ABOUT.vkvideoAllowedRoleIds),
};

const createBody = z.object({
  ...fields,
  enabled: fields.enabled.default(true),
  onlyWhenLive: fields.onlyWhenLive.default(false),
  allowedRoles: fields.allowedRoles.optional(),
  allowedUsers: fields.allowedUsers.optional(),
  vkvideoAllowedRoleIds: fields.vkvideoAllowedRoleIds.optional(),
});

const patchBody = z
  .object(fields)
  .partial()
  .refine((body) => Object.keys(body).length > 0, `must have at least one of ${Object.keys(fields).join(', ')}`);

const command = z.object({
  id: z.string(),
  trigger: z.string().describe(ABOUT.trigger),
  response: z.string().describe(ABOUT.response),
  enabled: z.boolean().describe(ABOUT.enabled),
  onlyWhenLive: z.boolean().describe(ABOUT.onlyWhenLive),
  allowedRoles: z.array(z.string()).describe(ABOUT.allowedRoles),
  allowedUsers: z.array(z.string()).describe(ABOUT.allowedUsers),
  vkvideoAllowedRoleIds: z.array(z.string()).describe(ABOUT.vkvideoAllowedRoleIds),
  createdAt: isoTime,
  updatedAt: isoTime,
});

const savedCommand = command.extend({
  warnings: z.array(z.string()).describe('What works differently for the command on single platforms.'),
});

const SHADOWED =
  'The stream-duration command has the same trigger. It answers instead of this command whenever it has an answer.';

const byId = z.object({ id: z.string().describe('`id` of an entry of `GET /streamer/bot/commands`.') });

export function registerCommandRoutes(app: Api, context: ApiContext): void {
  const { db, callers } = context;
  const url = '/streamer/bot/commands';
  const tags = ['commands'];
  const writes = { scope: 'commands:write' } as const;
  const saved = async (channelId: ChannelId, row: CommandRow) => {
    const shown = present(row);
    const shadow = (await isShadowed(db, channelId, shown.trigger)) ? [SHADOWED] : [];
    return { ...shown, warnings: [...commandWarnings(context.platforms, shown), ...shadow] };
  };

  app.get(
    url,
    {
      config: { scope: 'commands:read' },
      schema: {
        tags,
        summary: 'List the commands of the channel',
        description: 'The newest command comes first.',
        response: { 200: z.object({ items: z.array(command) }) },
      },
    },
    async (request) => {
      const { channelId } = await callers.streamer(request);
      const rows = await selectCommands(db).where('channelId', '=', channelId).orderBy('createdAt', 'desc').execute();
      return { items: rows.map(present) };
    },
  );

  app.post(
    url,
    {
      config: writes,
      schema: { tags, summary: 'Create a command', body: createBody, response: { 201: savedCommand } },
    },
    async (request, reply) => {
      const streamer = await callers.streamer(request);
      const row = await insertCommand(db, streamer, request.body);
      return reply.code(201).send(await saved(streamer.channelId, row));
    },
  );

  app.patch(
    `${url}/:id`,
    {
      config: writes,
      schema: {
        tags,
        summary: 'Update a command',
        description: 'Changes the fields that the body has and keeps all others.',
        params: byId,
        body: patchBody,
        response: { 200: savedCommand },
      },
    },
    async (request) => {
      const streamer = await callers.streamer(request);
      const row = await updateCommand(db, streamer, request.params.id, request.body);
      return saved(streamer.channelId, row);
    },
  );

  app.delete(
    `${url}/:id`,
    {
      config: writes,
      schema: { tags, summary: 'Delete a command', params: byId, response: { 200: okAnswer } },
    },
    async (request) => {
      await deleteCommand(db, await callers.streamer(request), request.params.id);
      return { ok: true as const };
    },
  );
}

const COLUMNS = [
  'id',
  'trigger',
  'response',
  'enabled',
  'onlyWhenLive',
  'allowedRoles',
  'allowedUsers',
  'vkvideoAllowedRoleIds',
  'createdAt',
  'updatedAt',
] as const;

function selectCommands(db: Db) {
  return db.selectFrom('ChatBotCommand').select(COLUMNS);
}

type CommandRow = Awaited<ReturnType<ReturnType<typeof selectCommands>['execute']>>[number];

async function insertCommand(db: Db, streamer: Streamer, body: z.output<typeof createBody>): Promise<CommandRow> {
  const { channelId } = streamer;
  return takenTriggerIsConflict(
    inTransaction(db, async (tx) => {
      await lockCommands(tx, channelId);
      const triggers = await readTriggers(tx, channelId);
      if (triggers.length >= MAX_COMMANDS) {
        throw new BadInput('CONFLICT', `A channel can have at most ${MAX_COMMANDS} commands. Delete one first.`);
      }
      refuseTaken(triggers, body.trigger);
      const row = await tx
        .insertInto('ChatBotCommand')
        .values({ channelId, ...stored(body) } as never)
        .returning(COLUMNS)
        .executeTakeFirstOrThrow();
      await recordAudit(tx, streamer, 'streamer.commands.create', audited(row, body));
      return row;
    }),
  );
}

async function updateCommand(
  db: Db,
  streamer: Streamer,
  id: string,
  body: z.output<typeof patchBody>,
): Promise<CommandRow> {
  const { channelId } = streamer;
  const { trigger } = body;
  return takenTriggerIsConflict(
    inTransaction(db, async (tx) => {
      if (trigger !== undefined) {
        await lockCommands(tx, channelId);
        const triggers = await readTriggers(tx, channelId);
        const own = triggers.find((one) => one.id === id);
        // Of a pair that others wrote each may be edited and switched off with the trigger that it has.
        if (own && !isSame(own.triggerNormalized, trigger)) refuseTaken(triggers, trigger);
      }
      const row = await tx
        .updateTable('ChatBotCommand')
        .set(stored(body))
        .where('channelId', '=', channelId)
        .where('id', '=', id)
        .returning(COLUMNS)
        .executeTakeFirst();
      if (row === undefined) throw new BadInput('NOT_FOUND');
      await recordAudit(tx, streamer, 'streamer.commands.update', audited(row, body));
      return row;
    }),
  );
}

function deleteCommand(db: Db, streamer: Streamer, id: string): Promise<void> {
  return inTransaction(db, async (tx) => {
    const row = await tx
      .deleteFrom('ChatBotCommand')
      .where('channelId', '=', streamer.channelId)
      .where('id', '=', id)
      .returning(['id', 'trigger'])
      .executeTakeFirst();
    if (row === undefined) throw new BadInput('NOT_FOUND');
    await recordAudit(tx, streamer, 'streamer.commands.delete', audited(row));
  });
}

/** What the bot says is no matter of the trail, and may be long. */
function audited({ id, trigger }: Pick<CommandRow, 'id' | 'trigger'>, given: object = {}) {
  const fields = Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  return { commandId: id, trigger, ...(fields.length === 0 ? {} : { fields }) };
}

/** Until the transaction ends no other request adds a command to the channel or changes a trigger. */
async function lockCommands(tx: Db, channelId: ChannelId): Promise<void> {
  await sql`select 1 from "Channel" where id = ${channelId} for update`.execute(tx);
}

function readTriggers(tx: Db, channelId: ChannelId) {
  return tx
    .selectFrom('ChatBotCommand')
    .select(['id', 'triggerNormalized'])
    .where('channelId', '=', channelId)
    .execute();
}

/** As chat lines are compared: the index of the table knows fewer spellings. */
function refuseTaken(triggers: readonly { readonly triggerNormalized: string }[], wanted: string): void {
  if (triggers.some(({ triggerNormalized }) => isSame(triggerNormalized, wanted))) throw taken();
}

function isSame(one: string, other: string): boolean {
  return comparable(one) === comparable(other);
}

/** Whether the stream-duration command has the same trigger: it wins, and the text of the command is never sent. */
async function isShadowed(db: Db, channelId: ChannelId, trigger: string): Promise<boolean> {
  const row = await db
    .selectFrom('Channel')
    .select('streamDurationCommandJson')
    .where('id', '=', channelId)
    .executeTakeFirst();
  const duration = readDurationSettings(row?.streamDurationCommandJson ?? null);
  return duration.enabled && isSame(duration.trigger, trigger);
}

/** Columns to write: lists as JSON, the trigger with its compared form. */
function stored(body: z.output<typeof patchBody>) {
  const { trigger, allowedRoles, allowedUsers, vkvideoAllowedRoleIds, ...plain } = body;
  return {
    ...withoutUndefined(plain),
    ...(trigger === undefined ? {} : { trigger, triggerNormalized: normaliseTrigger(trigger) }),
    ...withoutUndefined({
      allowedRoles: allowedRoles && JSON.stringify(allowedRoles),
      allowedUsers: allowedUsers && JSON.stringify(allowedUsers),
      vkvideoAllowedRoleIds: vkvideoAllowedRoleIds && JSON.stringify(vkvideoAllowedRoleIds),
    }),
  };
}

function withoutUndefined<T extends object>(values: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}

async function takenTriggerIsConflict<T>(write: Promise<T>): Promise<T> {
  try {
    return await write;
  } catch (error) {
    throw isUniqueViolation(error) ? taken() : error;
  }
}

function taken(): BadInput {
  return new BadInput('CONFLICT', 'Another command of this channel already has this trigger');
}

function present(row: CommandRow) {
  return { ...row, createdAt: row.createdAt.toISOString(), updatedAt: row.updatedAt.toISOString() };
}

function distinct(entries: readonly string[]): string[] {
  return [...new Set(entries)].filter((entry) => entry !== '');
}

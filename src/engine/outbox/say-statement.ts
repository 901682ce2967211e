/** The one statement of `say`: reads who is to speak where, and writes the row where nothing forbids it. */
import pg from 'pg';
import type { PlatformDescription } from '../../platforms/platform.ts';

type SayPlatform = Pick<PlatformDescription, 'id' | 'tables'>;

interface Shape {
  /** In the order of speaking. */
  readonly platforms: readonly SayPlatform[];
  /** Only its outbox can be written to: one insert costs less than one for each platform. */
  readonly writesTo: SayPlatform;
  readonly hasGates: boolean;
  readonly isKeyed: boolean;
}

const BLANK = String.raw`E' \t\r\n'`;

/** $1 channel, $2 provider or null, $3 closed providers, $4 text, $5 expiry; with a key $6 key, $7 oldest that counts. */
export function sayStatement({ platforms, writesTo, hasGates, isKeyed }: Shape): string {
  const { outbox, targetColumn } = writesTo.tables;
  const earlier = isKeyed
    ? `, earlier as materialized (
      select * from (${platforms.map(keyedRow).join(' union all ')}) known order by "createdAt" limit 1
    )`
    : '';
  return `
    with targets as materialized (
      ${platforms.map((platform, place) => activeTarget(platform, place, hasGates)).join(' union all ')}
    )${earlier}, chosen as materialized (
      select provider, target from targets
      where case when $2::text is null then (select count(*) from targets) = 1 else provider = $2 end
      ${isKeyed ? 'and not exists (select from earlier)' : ''}
    ), queued as (
      insert into ${pg.escapeIdentifier(outbox)}
        ("channelId", ${pg.escapeIdentifier(targetColumn)}, message, source, "dedupKey", "expiresAt")
      select $1, target, $4::text, 'say', ${isKeyed ? '$6' : 'null'}, $5::timestamp from chosen
      where provider = ${pg.escapeLiteral(writesTo.id)} and provider <> all($3::text[])
      ${isKeyed ? 'on conflict do nothing' : ''}
      returning ${pg.escapeLiteral(writesTo.id)}::text as provider, id, status, message, "createdAt"
    )
    select exists (select from "Channel" where id = $1) as "hasChannel",
      array(select provider from targets order by place) as enabled, (select provider from chosen) as chosen, written.*
    from (select) one left join (
      select 'queued'::text as kind, * from queued ${isKeyed ? `union all select 'earlier', * from earlier` : ''}
    ) written on true`;
}

/** $1 channel, $2 key, $3 oldest that counts: takes an expired key off its row, so that it can be used again. */
export function forgetKeyStatement({ tables }: SayPlatform): string {
  return `update ${pg.escapeIdentifier(tables.outbox)} set "dedupKey" = null
    where "channelId" = $1 and "dedupKey" = $2 and "createdAt" <= $3`;
}

/** Which of the tables are there: $1 names. */
export const PRESENT_TABLES = `select name from unnest($1::text[]) name where to_regclass(format('%I', name)) is not null`;

/** A missing gate lets the bot in; one that is off does not. */
function activeTarget({ id, tables }: SayPlatform, place: number, hasGates: boolean): string {
  const target = `btrim(${pg.escapeIdentifier(tables.targetColumn)}, ${BLANK})`;
  const isGated = `exists (select from "BotIntegrationSettings" gate
    where gate."channelId" = $1 and gate.provider::text = ${pg.escapeLiteral(id)} and not gate.enabled)`;
  return `select ${pg.escapeLiteral(id)}::text as provider, ${place} as place, ${target} as target
    from ${pg.escapeIdentifier(tables.subscription)}
    where "channelId" = $1 and enabled and ${target} <> '' ${hasGates ? `and not ${isGated}` : ''}`;
}

function keyedRow({ id, tables }: SayPlatform): string {
  return `select ${pg.escapeLiteral(id)}::text as provider, id, status, message, "createdAt"
    from ${pg.escapeIdentifier(tables.outbox)} where "channelId" = $1 and "dedupKey" = $6 and "createdAt" > $7`;
}

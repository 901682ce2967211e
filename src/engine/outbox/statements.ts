/** The delivery's SQL, rendered once for a platform's tables. */
import pg from 'pg';
import type { PlatformTables } from '../../platforms/platform.ts';
import { isAliveSql } from '../worker/alive.ts';
import { ANSWER_RANK, ATTEMPTS_MAX } from './row.ts';

/** The last fallback for a claim nobody finishes. */
const CLAIM_MAX_SECONDS = 60;

export interface Statement {
  readonly name: string;
  readonly text: string;
}

export type Statements = ReturnType<typeof renderStatements>;

export function renderStatements({ outbox, targetColumn }: Pick<PlatformTables, 'outbox' | 'targetColumn'>) {
  const table = pg.escapeIdentifier(outbox);
  const target = pg.escapeIdentifier(targetColumn);
  const named = (name: string, text: string): Statement => ({ name: `${name} ${outbox}`, text });
  return {
    claim: named('claim', claim(table)),
    heads: named('heads', heads(table)),
    record: named('record', record(table)),
    release: named('release', release(table)),
    expire: named('expire', expire(table)),
    insertReplies: named('replies', insertReplies(table, target, false)),
    insertInboxReplies: named('inbox replies', insertReplies(table, target, true)),
    recent: named('recent', recent(table)),
  };
}

/** Answers that may wait in one channel; more would only come when nobody remembers the question. */
const WAITING_ANSWERS_MAX = 20;

/**
 * The unfinished row of a channel that goes next: one that is being sent ('processing' sorts last), else the lowest rank,
 * else the oldest. LATERAL keeps its cost constant, however long the backlog.
 */
function headOf(table: string, channelId: string): string {
  return `cross join lateral (
    select * from ${table} m
    where m."channelId" = ${channelId} and m.status in ('pending', 'processing')
    order by m.status desc, m.rank, m.seq limit 1
  ) o`;
}

/** An SQL condition on a row that is being sent: its worker lives and has not had it for too long. */
function isBusySql(now: string): string {
  return `(o."processingAt" > ${now}::timestamp - interval '${CLAIM_MAX_SECONDS} s' and ${isAliveSql('o."claimedBy"')})`;
}

// $1 channels, $2 their senders, $3 whether the wait is to be ignored, $4 now, $5 our start number, $6 claim token,
// $7 whether an answer may be sent.
//
// Verdicts of a head: due; waiting for its next try; held, an answer that may not be sent now; expired; busy with a living
// worker; orphaned by a dead one, to be sent again; interrupted, a message of a dead worker that may have been said and is
// not to be said again: a reply, one past its time, or one that took too many workers with it. A row of ours that we do
// not know of is due: the answer to its claim was lost, so nothing was sent.
// A row never tried is due whatever its time says: the clock of the host that wrote it may differ.
//
// The claim of messages that are delivered at least once does not wait for the disk: a crash of the server between claim
// and result could only have them sent again, as a crash of the worker could. Answers are never sent twice, so theirs does.
function claim(table: string): string {
  return `
    with lane as (
      select * from unnest($1::text[], $2::text[], $3::boolean[], $7::boolean[])
        as lane (channel_id, account_id, is_eager, may_answer)
    ), head as materialized (
      select lane.channel_id, lane.account_id, o.*, case
        when o.status = 'pending' and o."expiresAt" <= $4 then 'expired'
        when o.status = 'pending' and not (lane.is_eager or o."lastError" is null or o."nextAttemptAt" <= $4) then 'waiting'
        when o.status = 'pending' and o.rank > 0 and not lane.may_answer then 'held'
        when o.status = 'pending' then 'due'
        when o."claimedBy" = $5 and (o."expiresAt" > $4) is not false then 'due'
        when ${isBusySql('$4')} then 'busy'
        when o.source in ('command', 'duration') or o.attempts + 1 >= ${ATTEMPTS_MAX} or o."expiresAt" <= $4
          then 'interrupted'
        else 'orphaned'
      end as verdict
      from lane ${headOf(table, 'lane.channel_id')}
    ), taken as (
      update ${table} o set
        status = case head.verdict when 'interrupted' then 'failed' else 'processing' end,
        attempts = o.attempts + case when head.verdict in ('orphaned', 'interrupted') then 1 else 0 end,
        "lastError" = case head.verdict when 'interrupted' then 'interrupted' else o."lastError" end,
        "failedAt" = case head.verdict when 'interrupted' then $4::timestamp end,
        "processingAt" = case head.verdict when 'interrupted' then o."processingAt" else $4::timestamp end,
        "claimToken" = $6, "claimedBy" = $5, "senderAccountId" = head.account_id
      from head
      where o.id = head.id and head.verdict in ('due', 'orphaned', 'interrupted')
        -- Looked at again under the row's lock: of two that claim at once, one finds it changed.
        and o.status = head.status and o."claimToken" is not distinct from head."claimToken"
      returning o.id, o.attempts, o.source
    ), unhurried as (
      select set_config('synchronous_commit', 'off', true)
      where not exists (select from taken where source in ('command', 'duration'))
    )
    select head.channel_id as "channelId", head.verdict, head.id, head.source, head.message, head."expiresAt",
      head."dedupKey", head."nextAttemptAt", head.rank, head."unconfirmedSends" as unconfirmed, taken.attempts, taken.id is not null as "isTaken"
    from head left join taken on taken.id = head.id left join unhurried on true`;
}

// $1 channels, $2 now. Answers are asked about beyond the head: the little time they have may be over while something
// that goes before them waits, and few of them wait in a channel.
function heads(table: string): string {
  return `
    select o."channelId", o.status, o."lastError", o."nextAttemptAt", o."expiresAt", o."createdAt", exists (
      select from ${table} m
      where m."channelId" = held.channel_id and m.status = 'pending' and m.rank > 0 and m."expiresAt" <= $2
    ) as "hasExpiredAnswer"
    from unnest($1::text[]) as held (channel_id) ${headOf(table, 'held.channel_id')}`;
}

// $1 ids, $2 tokens, $3 states, $4 attempts, $5 errors, $6 next tries, $7 platform ids, $8 senders, $9 times,
// $10 unanswered sends so far, null for none new.
// Only the holder of the claim writes its outcome.
function record(table: string): string {
  return `
    update ${table} o set
      status = r.status, attempts = r.attempts, "lastError" = r.error,
      "nextAttemptAt" = coalesce(r.next_at, o."nextAttemptAt"),
      "platformMessageId" = r.platform_message_id, "senderAccountId" = r.account_id,
      "unconfirmedSends" = coalesce(r.unconfirmed, o."unconfirmedSends"),
      "processingAt" = case when r.status = 'pending' then null else o."processingAt" end,
      "sentAt" = case when r.status = 'sent' then r.at end,
      "failedAt" = case when r.status = 'failed' then r.at end
    from unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::text[], $6::timestamp[], $7::text[], $8::text[],
      $9::timestamp[], $10::smallint[])
      as r (id, token, status, attempts, error, next_at, platform_message_id, account_id, at, unconfirmed)
    where o.id = r.id and o."claimToken" = r.token and o.status = 'processing'
    returning o.id`;
}

// $1 ids, $2 token. Claimed, and then not begun.
function release(table: string): string {
  return `
    update ${table} set status = 'pending', "processingAt" = null
    where id = any($1::text[]) and "claimToken" = $2 and status = 'processing'`;
}

// $1 channels, $2 what each of them waited for, $3 now, $4 our start number. A message that a dead worker had claimed ends
// here too: a channel without a sender claims nothing, and so would never find it.
function expire(table: string): string {
  return `
    update ${table} o set status = 'failed', "failedAt" = $3,
      attempts = o.attempts + case o.status when 'processing' then 1 else 0 end,
      "lastError" = case o.status when 'processing' then 'interrupted' else coalesce(o."lastError", waited.reason) end
    from unnest($1::text[], $2::text[]) as waited (channel_id, reason)
    where o."channelId" = waited.channel_id and o."expiresAt" <= $3 and (
      o.status = 'pending' or (o.status = 'processing' and o."claimedBy" is distinct from $4 and not ${isBusySql('$3')})
    )
    returning o.id, o."channelId", o.attempts, o."lastError"`;
}

// $1 ids, $2 channels, $3 targets, $4 texts, $5 sources, $6 dedup keys, $7 senders, $8 whether it may go out at once,
// $9 provider, $10 our start number, $11 claim token, $12 now, $13 expiries, $14 places in the inbox (for lines from there).
//
// A reply is written only while the lease is ours, and is born claimed when nothing that goes before it is unfinished in
// its channel. Otherwise it waits, unless an equal one does or too many do: that one is crowded out and not written. An
// answer whose time is over keeps no other out.
// What a lost answer left behind is found by its id; what another delivery of the chat line left is not ours.
// A line from the inbox is done when its reply is on record, and not before.
function insertReplies(table: string, target: string, isFromInbox: boolean): string {
  const waiting = `${table} o where o."channelId" = channel_id and o.status = 'pending' and o.rank = ${ANSWER_RANK}
    and (o."expiresAt" > $12) is not false`;
  const marked = `, marked as (
      update "WebhookInbox" i set status = 'processed', "processedAt" = $12
      from reply where i.seq = reply.inbox_seq and i.status = 'pending'
    )`;
  return `
    with reply as (
      select r.*, r.may_go and r.expires_at > $12 and not exists (
        select from ${table} o where o."channelId" = r.channel_id and o.status in ('pending', 'processing')
          and (o.status = 'processing' or o.rank <= ${ANSWER_RANK})
      ) as goes
      from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::boolean[],
        $13::timestamp[]${isFromInbox ? ', $14::bigint[]' : ''})
        with ordinality as r (id, channel_id, target, text, source, dedup_key, account_id, may_go, expires_at
        ${isFromInbox ? ', inbox_seq' : ''}, place)
      join "BotChannelLease" lease
        on lease.provider = $9 and lease."channelId" = r.channel_id and lease."startNumber" = $10
    ), judged as (
      select reply.*, goes or not (
        exists (select from ${waiting} and o.message = reply.text)
        or row_number() over (partition by channel_id, goes, text order by place) > 1
      ) as is_new
      from reply
    ), placed as (
      select judged.*, goes or is_new and ${WAITING_ANSWERS_MAX} >= (select count(*) from ${waiting})
        + count(*) filter (where is_new and not goes) over (partition by channel_id order by place) as fits
      from judged
    ), inserted as (
      insert into ${table} (id, "channelId", ${target}, message, source, rank, "dedupKey", status, "processingAt",
        "claimToken", "claimedBy", "senderAccountId", "expiresAt")
      select id, channel_id, target, text, source, ${ANSWER_RANK}, dedup_key, case when goes then 'processing' else 'pending' end,
        case when goes then $12::timestamp end, case when goes then $11 end, case when goes then $10::bigint end,
        case when goes then account_id end, expires_at
      from placed where fits order by place
      on conflict do nothing
      returning id, status
    )${isFromInbox ? marked : ''}
    select id, status from inserted
    union all
    select id, case when "claimToken" = $11 then status else 'pending' end from ${table} where id = any($1::text[])
    union all
    select id, 'crowded out' from placed where not fits
      and not exists (select from ${table} o where o.id = placed.id)
      and not exists (select from ${table} o where o."channelId" = channel_id and o."dedupKey" = dedup_key)`;
}

// $1 since, $2 since when the row may have been created. Messages that were, or may have been, on the wire.
function recent(table: string): string {
  return `
    select "channelId", "senderAccountId", rank > 0 as "isAnswer", coalesce("sentAt", "processingAt") as at from ${table}
    where "createdAt" >= $2 and coalesce("sentAt", "processingAt") >= $1
    order by at`;
}

/** How one worker sees in the database whether another one is alive. */
import { WORKER_LOCK_SPACE } from '../../db/listen.ts';

/** A worker without a heartbeat for this long is dead even if its lock is still held: its host may have vanished. */
const HEARTBEAT_MAX_SECONDS = 15;

/** An SQL condition: the last heartbeat is so old that the worker counts as dead. */
export function isOverdueSql(heartbeatAt: string): string {
  return `${heartbeatAt} <= timezone('utc', now()) - interval '${HEARTBEAT_MAX_SECONDS} s'`;
}

/** An SQL expression: milliseconds until the heartbeat is overdue. */
export function leftToBeatMsSql(heartbeatAt: string): string {
  return `(extract(epoch from ${heartbeatAt} - timezone('utc', now())) + ${HEARTBEAT_MAX_SECONDS})::float8 * 1000`;
}

/**
 * An SQL condition: the last heartbeat is recent, and the LISTEN connection of the worker holds the lock of this start.
 * Times are the database's own, so that hosts with different clocks agree.
 *
 * @param startNumber an SQL expression
 */
export function isAliveSql(startNumber: string): string {
  return `exists (
    select from "BotWorker" alive
    where alive."startNumber" = ${startNumber}
      and not ${isOverdueSql('alive."heartbeatAt"')}
      and exists (
        select from pg_locks l
        where l.locktype = 'advisory' and l.classid = ${WORKER_LOCK_SPACE} and l.objid = ${startNumber} and l.objsubid = 2
          and l.granted and l.database = (select d.oid from pg_database d where d.datname = current_database())
      )
  )`;
}

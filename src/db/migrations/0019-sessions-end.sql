-- Logins that end before their time: one of them at a logout, all of a person's from a moment on.

-- The `jti` of logins that were ended. A row is of no use once its token has expired by itself.
CREATE TABLE "EndedSession" (
  jti TEXT PRIMARY KEY,
  "userId" TEXT NOT NULL,
  "expiresAt" TIMESTAMP(3) NOT NULL,
  "endedAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now())
);
CREATE INDEX ON "EndedSession" ("expiresAt");

-- Login tokens issued before are refused, whoever issued them. A whole second: tokens tell their time in seconds.
ALTER TABLE "User" ADD COLUMN "sessionsFrom" TIMESTAMP(3);

-- One further kind of hint, for the copies of the API: `sessions:*:<userId>`, somebody's logins or role changed.
-- Argument: the column of the row that names the user.
CREATE FUNCTION memalerts_hint_sessions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('memalerts', 'sessions:*:' || (to_jsonb(NEW) ->> TG_ARGV[0]));
  RETURN NULL;
END $$;
CREATE TRIGGER hint_insert AFTER INSERT ON "EndedSession"
  FOR EACH ROW EXECUTE FUNCTION memalerts_hint_sessions('userId');
CREATE TRIGGER hint_update AFTER UPDATE ON "User" FOR EACH ROW
  WHEN (OLD."sessionsFrom" IS DISTINCT FROM NEW."sessionsFrom" OR OLD.role IS DISTINCT FROM NEW.role)
  EXECUTE FUNCTION memalerts_hint_sessions('id');

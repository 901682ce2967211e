-- A foreign key looks its roll up and locks it once for every chatter: half of what storing a new chatter cost. Whoever
-- stores chatters locks the roll once for all of them instead (src/credits/store.ts), and the triggers here take the
-- place of ON DELETE CASCADE. A writer that does not lock may leave chatters without a roll; they are shown nowhere, and
-- gone when the next roll of the channel begins.
ALTER TABLE "CreditsChatter" DROP CONSTRAINT "CreditsChatter_channelId_fkey";

CREATE FUNCTION memalerts_chatters_leave_with_roll() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    TRUNCATE "CreditsChatter";
  ELSE
    DELETE FROM "CreditsChatter" WHERE "channelId" = OLD."channelId";
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER chatters_leave_on_delete AFTER DELETE ON "CreditsRoll"
  FOR EACH ROW EXECUTE FUNCTION memalerts_chatters_leave_with_roll();
CREATE TRIGGER chatters_leave_on_truncate AFTER TRUNCATE ON "CreditsRoll"
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_chatters_leave_with_roll();

-- A newly linked account is a change workers wait for: somebody was asked to link again and did.
CREATE TRIGGER hint_insert AFTER INSERT ON "ExternalAccount" REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('credentials', 'column', 'id');

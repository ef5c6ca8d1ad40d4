-- The role as which the follower reads; its password counts from the next start of the keeper on.
\set password `cat "${SECRETS_DIR:-/run/secrets}/replication_password"`
SELECT count(*) = 0 AS missing FROM pg_roles WHERE rolname = 'replicator' \gset
\if :missing
CREATE ROLE replicator LOGIN REPLICATION;
\endif
ALTER ROLE replicator PASSWORD :'password';

-- How many rows each table has.
SELECT format('SELECT %L, count(*) FROM %I.%I',
              current_database() || '.' || schemaname || '.' || relname, schemaname, relname)
FROM pg_stat_user_tables ORDER BY 1 \gexec

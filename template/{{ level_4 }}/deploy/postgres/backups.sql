-- When the newest backups ended, of what `pgbackrest info` says (:info); 0 if there is none.
SELECT coalesce(max(ended) FILTER (WHERE kind = 'full'), 0) AS full_at, coalesce(max(ended), 0) AS any_at
FROM jsonb_path_query(:'info'::jsonb, '$[*].backup[*]') AS made,
     LATERAL (SELECT made->>'type' AS kind, (made->'timestamp'->>'stop')::bigint AS ended) AS one \gset

-- Which backup is due, if any.
\ir backups.sql
SELECT CASE
    WHEN :full_at < extract(epoch FROM now()) - :full_every THEN 'full'
    WHEN :any_at < extract(epoch FROM now()) - :diff_every THEN 'diff'
END

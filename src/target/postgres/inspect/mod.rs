//! What a database says of itself, and what a file of `pg_dump --schema-only` says of one.

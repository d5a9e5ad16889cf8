//! The text of `pg_dump --schema-only`.

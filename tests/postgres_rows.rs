//! A fill of a real table, range by range, while applications use it: every row right in the end, whatever the key, how
//! many work on it, who is in the way and what breaks.

#[path = "common/postgres.rs"]
mod server;

#[path = "postgres_rows/breaks.rs"]
mod breaks;
#[path = "postgres_rows/company.rs"]
mod company;
#[path = "postgres_rows/fill.rs"]
mod fill;
#[path = "postgres_rows/keys.rs"]
mod keys;

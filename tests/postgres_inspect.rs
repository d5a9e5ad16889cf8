//! What a database says of its tables, asked of a server and read from its dump.

#[path = "common/postgres.rs"]
mod server;

#[path = "postgres_inspect/database.rs"]
mod database;
#[path = "postgres_inspect/dumps.rs"]
mod dumps;
#[path = "postgres_inspect/relations.rs"]
mod relations;
#[path = "postgres_inspect/scripts.rs"]
mod scripts;

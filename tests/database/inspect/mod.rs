//! What a database says of its tables, asked of a server and read from its dump.

mod database;
mod dumps;
mod relations;
mod rows;
mod scripts;

//! A statement means what the in-memory table does with it: here the same statements, and the same writes of the same
//! applications between them, are done there and on PostgreSQL, and all rows are compared after each.

mod psql;
mod random_plans;
mod scripts;
mod two_tables;
mod types;
mod whole_rows;
mod writes;

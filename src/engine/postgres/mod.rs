//! A real PostgreSQL: the same actions, done to tables that applications use meanwhile.
//!
//! [`translate`] turns an action into [`Operation`]s without talking to anybody; `perform` does them so that no
//! application has to wait; `journal` keeps, in a schema `miglab` of the same database and in the same transactions,
//! what was done and what undoes it.

pub(crate) mod clients;
pub mod connect;
pub(crate) mod default_mark;
pub(crate) mod fault;
pub mod fill;
pub mod inspect;
pub(crate) mod journal;
pub mod operation;
pub mod perform;
pub(crate) mod postgres_engine;
pub mod quote;
pub mod relation;
pub mod session;
pub mod translate;

pub use operation::{Cost, Lock, LockMode, Operation, Work};
pub use postgres_engine::Postgres;
pub use relation::{Relation, Server};

//! What was done to a database, kept in the database: in schema `miglab`, each thing written in the transaction that does
//! what it records.
//!
//! Every change of a run's record is fenced: it names the owner, which is another one each time that a process takes the
//! run over. A process that was taken for dead and is not cannot write any more.

pub mod schema;

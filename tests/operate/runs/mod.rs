//! The life of a run on a database, from the command line: gates, kills, rollbacks, and what is said of them.

mod connected;
mod faults;
mod gates;
mod kills;
mod rollbacks;
mod several;
mod told;
pub mod world;

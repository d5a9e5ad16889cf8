//! Plans run by the program on tables that applications of every live version write to all the time: nothing that they
//! read is stale, nothing that they write is refused or lost, whatever happens to the run.

mod index;
mod losses;
mod program;
mod proved;
mod table;
mod threads;
mod tracker;

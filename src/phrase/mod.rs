//! Phrases that many modules say, each with one wording: how many, how long, what was meant, why a file
//! failed; and the form of a complaint.

mod complaint;
mod count;
mod failure;
mod list;
mod spelling;
mod time;

pub use complaint::Complaint;
pub use count::{counted, rows, with_rows};
pub use failure::reason;
pub use list::{joined, listed};
pub use spelling::{did_you_mean, meant, nearest};
pub use time::{lasting, milliseconds, written};

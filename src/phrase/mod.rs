//! Phrases that many modules say, each with one wording: how many, how long, what was meant, why a file failed.

mod count;
mod failure;
mod list;
mod spelling;
mod time;

pub use count::{counted, rows, with_rows};
pub use failure::reason;
pub use list::{joined, listed};
pub use spelling::{did_you_mean, meant, nearest};
pub use time::{lasting, milliseconds, written};

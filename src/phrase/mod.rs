//! Phrases that many modules say, each with one wording: how many, how long, what was meant, why a file failed.

mod time;

pub use time::lasting;

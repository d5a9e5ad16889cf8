//! A fill of a real table, range by range, while applications use it: every row right in the end, whatever the key, how
//! many work on it, who is in the way and what breaks.

mod breaks;
mod company;
mod fill;
mod keys;

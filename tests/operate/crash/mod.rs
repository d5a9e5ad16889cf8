//! A run that is killed at any statement and at any boundary of a batch: it goes on to the end that it would have had, and
//! does nothing twice; and it goes back to where it began.

mod killed;
mod plans;

use self::killed::Crash;
use crate::common::postgres::TestServer;

/// Kills it behind each line of its output, and before the first.
fn at_every_line(name: &str, text: &str) {
    let server = TestServer::start();
    let mut crash = Crash::new(&server, name, text);
    let end = crash.undisturbed();
    assert!(end.lines > 4, "{name}: {end:?}");
    let (mut resumed, mut rolled_back) = (0, 0);
    for line in 0..end.lines {
        resumed += usize::from(crash.killed_and_resumed(line, &end));
        rolled_back += usize::from(crash.killed_and_rolled_back(line));
    }
    println!("{name}: {} lines, {resumed} resumed, {rolled_back} rolled back", end.lines);
    assert!(resumed * 2 > end.lines && rolled_back * 2 > end.lines, "{name}: it is faster than the signal");
}

#[test]
fn a_rename_with_a_backfill_of_several_batches() {
    at_every_line("rename", &plans::rename());
}

#[test]
fn a_table_that_is_split() {
    at_every_line("split table", &plans::split_table());
}

#[test]
fn a_column_that_becomes_not_null() {
    at_every_line("add not null", &plans::add_not_null());
}

#[test]
fn an_index() {
    at_every_line("index", &plans::index());
}

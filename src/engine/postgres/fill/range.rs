//! The ranges of a fill, as the table `miglab.range` records them.

use postgres::{GenericClient, Row, Transaction};

use super::FillId;
use super::key::KeyValues;
use crate::engine::postgres::fault::fault;
use crate::engine::postgres::quote;
use crate::engine::{Fault, FaultKind, Help, WayOn};

/// A range of rows: those after one key, up to another. By blocks: from one, up to and without another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// Its number.
    pub part: i32,
    /// What has been done up to here; none where it begins with the first row and nothing is done.
    pub after: Option<KeyValues>,
    /// Where it ends.
    pub last: KeyValues,
    /// All of it is done.
    pub done: bool,
    /// Rows changed in it.
    pub rows: u64,
}

impl Range {
    /// One of which nothing is done.
    pub fn new(part: i32, after: Option<KeyValues>, last: KeyValues) -> Self {
        Self { part, after, last, done: false, rows: 0 }
    }
}

/// What is recorded at a place, after it has been made ours. Empty where nothing was recorded.
///
/// # Errors
/// The server refuses.
pub fn take_over(client: &mut impl GenericClient, place: FillId<'_>) -> Result<Vec<Range>, Fault> {
    let update = "update miglab.range set owner = $4 where run_id = $1 and step = $2 and op = $3
                  returning part, after, last, done, rows";
    let found = client.query(update, &[&place.run, &place.step, &place.op, &place.owner]);
    let mut ranges: Vec<Range> = found.map_err(|error| fault(&error))?.iter().map(from_row).collect();
    ranges.sort_by_key(|range| range.part);
    Ok(ranges)
}

fn from_row(row: &Row) -> Range {
    let rows: i64 = row.get(4);
    let last: Option<KeyValues> = row.get(2);
    Range {
        part: row.get(0),
        after: row.get(1),
        last: last.unwrap_or_default(),
        done: row.get(3),
        rows: rows.try_into().unwrap_or(0),
    }
}

/// Records new ranges.
///
/// # Errors
/// The server refuses; another run has recorded its own meanwhile.
pub fn record(transaction: &mut Transaction<'_>, place: FillId<'_>, ranges: &[Range]) -> Result<(), Fault> {
    let insert = "insert into miglab.range (run_id, step, op, part, after, last, done, owner)
                  values ($1, $2, $3, $4, $5, $6, $7, $8)";
    for range in ranges {
        let Range { part, after, last, done, .. } = range;
        let FillId { run, step, op, owner } = place;
        transaction
            .execute(insert, &[&run, &step, &op, part, after, last, done, &owner])
            .map_err(|error| fault(&error))?;
    }
    Ok(())
}

/// The rows changed in all ranges, once everything before is on disk.
///
/// # Errors
/// The run was taken over; the server refuses.
pub fn sum(client: &mut impl GenericClient, place: FillId<'_>) -> Result<u64, Fault> {
    // A commit that waits for the disk: those before it, which did not, are after it in the log.
    let touch = "update miglab.range set owner = owner
                 where run_id = $1 and step = $2 and op = $3 and owner = $4 returning rows";
    let rows =
        client.query(touch, &[&place.run, &place.step, &place.op, &place.owner]).map_err(|error| fault(&error))?;
    if rows.is_empty() {
        return Err(taken_over());
    }
    let sum: i64 = rows.iter().map(|row| row.get::<_, i64>(0)).sum();
    Ok(sum.try_into().unwrap_or(0))
}

/// The condition that finds a range in the table, as long as it is ours.
pub fn condition(place: FillId<'_>, part: i32) -> String {
    let FillId { run, step, op, owner } = place;
    let owner = quote::text(owner);
    format!("g.run_id = {run} and g.step = {step} and g.op = {op} and g.part = {part} and g.owner = {owner}")
}

/// What is said to a run whose ranges belong to another by now.
pub fn taken_over() -> Fault {
    Fault::new(FaultKind::Server, "another run of miglab has taken this one over").with_help(Help::naming(
        "",
        WayOn::Status,
        " says who runs it now",
    ))
}

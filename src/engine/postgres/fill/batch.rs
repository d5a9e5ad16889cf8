//! One batch, done or not.

use std::time::Duration;

use postgres::{Client, SimpleQueryMessage, SimpleQueryRow};

use super::batch_sql::TAKEN_OVER;
use super::key::KeyValues;
use super::range;
use crate::engine::postgres::fault;
use crate::engine::{Fault, FaultKind};

/// What came of a batch.
#[derive(Debug)]
pub enum BatchOutcome<T> {
    /// It is done.
    Done(T),
    /// Somebody holds a row of it.
    Held,
    /// It was in the way of somebody, or somebody in its way, and the server chose it to give way.
    GaveWay,
    /// A row of it cannot be done.
    Refused(Fault),
}

/// What a batch has done.
#[derive(Debug)]
pub struct BatchStep {
    /// How far it is.
    pub after: KeyValues,
    /// The range is at its end.
    pub done: bool,
    /// Rows looked at; by blocks, blocks.
    pub seen: u64,
    /// What it took on the server.
    pub took: Duration,
}

/// Does a batch.
///
/// # Errors
/// It is of no use to go on: the connection is lost, the run was taken over, or the server refuses the statement itself.
pub fn perform(client: &mut Client, text: &str) -> Result<BatchOutcome<BatchStep>, Fault> {
    Ok(match client.simple_query(text) {
        Ok(messages) => BatchOutcome::Done(step(&messages).ok_or_else(range::taken_over)?),
        Err(error) => failed(client, &error)?,
    })
}

/// Does the statement for the whole table.
///
/// # Errors
/// As of [`perform`].
pub fn whole(client: &mut Client, text: &str) -> Result<BatchOutcome<()>, Fault> {
    match client.batch_execute(text) {
        Ok(()) => Ok(BatchOutcome::Done(())),
        Err(error) => failed(client, &error),
    }
}

/// Ends the transaction, and says what is to be made of the error.
fn failed<T>(client: &mut Client, error: &postgres::Error) -> Result<BatchOutcome<T>, Fault> {
    if fault::fault(error).kind != FaultKind::Connection {
        client.batch_execute("rollback").map_err(|error| fault::fault(&error))?;
    }
    let told = fault::fault(error);
    match fault::code(error).map(postgres::error::SqlState::code) {
        Some(TAKEN_OVER) => Err(range::taken_over()),
        Some("55P03") => Ok(BatchOutcome::Held),
        // Somebody cancelled the statement: it is tried again. Who wants the run to stop stops the run.
        Some("40P01" | "40001" | "57014") => Ok(BatchOutcome::GaveWay),
        _ if is_about_a_row(told.kind) => Ok(BatchOutcome::Refused(told)),
        _ => Err(told),
    }
}

fn is_about_a_row(kind: FaultKind) -> bool {
    use FaultKind::{Check, ForeignKey, NotNull, Unique, Value};
    matches!(kind, NotNull | Unique | Check | ForeignKey | Value)
}

fn step(messages: &[SimpleQueryMessage]) -> Option<BatchStep> {
    let row = messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    })?;
    Some(BatchStep {
        after: serde_json::from_str(row.get(0)?).ok()?,
        done: row.get(1)? == "t",
        seen: row.get(2)?.parse().ok()?,
        took: took(row),
    })
}

fn took(row: &SimpleQueryRow) -> Duration {
    let milliseconds: f64 = row.get(3).and_then(|text| text.parse().ok()).unwrap_or(0.0);
    Duration::try_from_secs_f64(milliseconds / 1_000.0).unwrap_or_default()
}

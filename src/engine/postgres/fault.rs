//! What the server and the driver complain of, in the words of this program.

use std::error::Error;
use std::io;

use postgres::error::{DbError, SqlState};

use crate::engine::{Fault, FaultKind, Help, WayOn};

/// The SQLSTATE, where the server sent one.
#[must_use]
pub fn code(error: &postgres::Error) -> Option<&SqlState> {
    error.code()
}

/// An error of the driver as a fault.
#[must_use]
pub fn fault(error: &postgres::Error) -> Fault {
    match error.as_db_error() {
        Some(told) => told_by_server(told),
        None if is_lost(error) => lost(),
        None => Fault::new(FaultKind::Server, with_causes(error)),
    }
}

/// Whether the connection is gone, so that nothing more can be asked over it.
#[must_use]
pub fn is_lost(error: &postgres::Error) -> bool {
    match error.as_db_error() {
        Some(told) => kind(told.code()) == FaultKind::Connection,
        None => error.is_closed() || io_cause(error).is_some() || error.to_string().starts_with("unexpected message"),
    }
}

/// What is said where the connection is lost in the middle of work.
fn lost() -> Fault {
    Fault::new(FaultKind::Connection, "the connection to the server was lost").with_help(resume_later())
}

fn resume_later() -> Help {
    resume("what is done is kept in the database; ", " goes on from there once the server can be reached again")
}

fn resume(before: &str, after: &str) -> Help {
    Help::naming(before, WayOn::Resume, after)
}

pub(super) fn io_cause(error: &postgres::Error) -> Option<&io::Error> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        cause = error.source();
    }
    None
}

/// The message of an error and those of its causes.
pub(super) fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}

fn told_by_server(told: &DbError) -> Fault {
    let kind = kind(told.code());
    let message = match told.detail() {
        Some(detail) => format!("{}: {}", message(told), as_clause(detail)),
        None => message(told),
    };
    let help = help(told.code())
        .or_else(|| told.hint().filter(|hint| !hint.contains("CASCADE")).map(|hint| as_clause(hint).into()));
    Fault { kind, message, help }
}

/// The server's message. What is about a null says too which row, in its detail; the rest names things between quotes.
fn message(told: &DbError) -> String {
    match (told.code(), told.column(), told.table()) {
        (&SqlState::NOT_NULL_VIOLATION, Some(column), Some(table)) => {
            format!("null in column `{column}` of table `{table}`")
        }
        _ => as_clause(&told.message().replace('"', "`")),
    }
}

/// A sentence of the server's as part of another: on one line, without a capital and a full stop.
fn as_clause(text: &str) -> String {
    const LONGEST: usize = 600;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = line.strip_suffix('.').unwrap_or(&line);
    let mut characters = line.chars();
    let first: String = characters.next().map(|first| first.to_lowercase().collect()).unwrap_or_default();
    let is_word = characters.clone().next().is_some_and(|second| !second.is_uppercase());
    let clause = if is_word { format!("{first}{}", characters.as_str()) } else { line.to_owned() };
    match clause.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &clause[..end]),
        None => clause,
    }
}

fn kind(code: &SqlState) -> FaultKind {
    match code.code() {
        "23502" => FaultKind::NotNull,
        "23505" => FaultKind::Unique,
        "23514" => FaultKind::Check,
        "23503" | "23001" => FaultKind::ForeignKey,
        "42501" => FaultKind::Privilege,
        "55P03" => FaultKind::Locked,
        "57P01" | "57P02" | "57P03" | "57P05" => FaultKind::Connection,
        "42P01" | "42703" | "42704" | "3F000" => FaultKind::Missing,
        code if code.starts_with("22") => FaultKind::Value,
        code if code.starts_with("08") => FaultKind::Connection,
        _ => FaultKind::Server,
    }
}

fn help(code: &SqlState) -> Option<Help> {
    const FROM_THERE: &str = " goes on from where it stopped";
    const AGAIN: &str = " tries again";
    Some(match code.code() {
        "53100" => resume("the server's disk is full: make room, or let `vacuum` finish; then ", FROM_THERE),
        "53200" => resume("the server is out of memory: lower its load or the memory it may use, then ", " goes on"),
        "53300" => {
            "the server has no connections left: raise `max_connections`, or let applications hold fewer, then try \
             again"
                .into()
        }
        "25006" => "the server takes no writes: connect to the primary (`target_session_attrs=read-write`), or set \
             `default_transaction_read_only` off"
            .into(),
        "57014" => resume("somebody cancelled the statement, or a `statement_timeout` did; ", FROM_THERE),
        "40P01" => resume("it and an application waited for each other (a deadlock); ", AGAIN),
        "55P03" => resume("somebody else holds the lock; ", AGAIN),
        "42501" => "grant the role what it lacks, or connect as the owner of the table".into(),
        "57P01" | "57P02" | "57P03" | "57P05" => resume_later(),
        code if code.starts_with("08") => resume_later(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_says_becomes_a_clause() {
        assert_eq!(as_clause("Key (email)=(a@b) already exists."), "key (email)=(a@b) already exists");
        assert_eq!(as_clause("Process 1 waits.\nProcess 2 waits."), "process 1 waits. Process 2 waits");
        assert_eq!(as_clause("SSL is off"), "SSL is off");
        assert_eq!(as_clause("é."), "é.".trim_end_matches('.'));
        assert_eq!(as_clause(""), "");
    }

    #[test]
    fn codes_have_kinds() {
        let known = [
            ("23505", FaultKind::Unique),
            ("22P02", FaultKind::Value),
            ("22003", FaultKind::Value),
            ("08006", FaultKind::Connection),
            ("57P01", FaultKind::Connection),
            ("57014", FaultKind::Server),
            ("42703", FaultKind::Missing),
        ];
        for (code, expected) in known {
            assert_eq!(kind(&SqlState::from_code(code)), expected, "{code}");
        }
    }
}

//! What a line is: a command, SQL, statements, or only the beginning of something.

use crate::ast::{Dml, Name, Script};
use crate::diagnostic::{Complaint, Diagnostic};
use crate::phrase::nearest;
use crate::repl::commands::{self, COMMANDS, Command};
use crate::source::{Source, Span};
use crate::syntax::{self, Incomplete, KEYWORDS, fold};

/// What typed text is called in messages.
const TYPED: &str = "typed";

/// Words that start the SQL of an operator.
const SQL: &[&str] = &["select", "insert", "update", "delete"];

/// A line that was read.
pub(super) enum Input {
    /// There is nothing in it.
    Nothing,
    /// It goes on.
    Incomplete(Incomplete),
    /// A command.
    Command(Command),
    /// A line that cannot be understood at all.
    Refused(Complaint),
    /// Text with mistakes in it.
    Unreadable(Source, Vec<Diagnostic>),
    /// Somebody reads or writes rows.
    Acts(Box<TypedDml>),
    /// Statements and declarations.
    Typed(Box<Script>),
}

/// Somebody reads or writes rows.
pub(super) struct TypedDml {
    /// The application; an operator without it.
    pub(super) app: Option<Name>,
    /// What was typed.
    pub(super) source: Source,
    pub(super) operation: Dml,
}

/// Whether a text is only the beginning of something, so that a line more should be read.
#[must_use]
pub fn is_incomplete(text: &str) -> bool {
    matches!(read(text), Input::Incomplete(_))
}

/// Reads a line, or several that belong together.
pub(super) fn read(text: &str) -> Input {
    if text.trim().is_empty() {
        return Input::Nothing;
    }
    if let Some(command) = commands::parse(text) {
        return command.map_or_else(Input::Refused, Input::Command);
    }
    let (word, rest) = commands::split_word(text.trim());
    match word.to_ascii_lowercase().trim_end_matches(';') {
        "as" => read_as(text, rest),
        word if SQL.contains(&word) => read_sql(None, text, 0),
        lower if looks_mistyped(lower, rest) => Input::Refused(commands::unknown(word)),
        _ => read_statements(text),
    }
}

/// `as v1 update …`.
fn read_as(text: &str, rest: &str) -> Input {
    let (app, operation) = split_name(rest);
    if operation.is_empty() {
        let help = "as in `as v1 select` or `as v1 update users set username = 'zed' where id = 1`";
        return Input::Refused(Complaint::new("the application is given nothing to do").help(help));
    }
    read_sql(Some(app), text, text.trim_end().len() - operation.len())
}

/// The name that a text begins with, folded, and what stands after it.
fn split_name(text: &str) -> (Name, &str) {
    if let Some(end) = end_of_quoted(text) {
        return (fold(&text[..end]).into(), text[end..].trim());
    }
    let (name, rest) = commands::split_word(text);
    (fold(name).into(), rest)
}

/// Where the quoted name ends that a text begins with; `""` within it is part of it.
fn end_of_quoted(text: &str) -> Option<usize> {
    let mut at = text.starts_with('"').then_some(1)?;
    loop {
        at += text[at..].find('"')? + 1;
        if !text[at..].starts_with('"') {
            return Some(at);
        }
        at += 1;
    }
}

/// The SQL that begins at a byte of a text; what stands before counts as white space, so that places stay right.
fn read_sql(app: Option<Name>, text: &str, begins: usize) -> Input {
    let blank: String = text[..begins].bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect();
    let source = Source::new(TYPED, text);
    if let Err(incomplete) = syntax::read_statements(&source) {
        return Input::Incomplete(incomplete);
    }
    match syntax::parse_dml(&(blank + &text[begins..])) {
        Ok(operation) => Input::Acts(Box::new(TypedDml { app, source, operation })),
        Err(found) => Input::Unreadable(source, vec![*found]),
    }
}

fn read_statements(text: &str) -> Input {
    let source = Source::new(TYPED, text);
    match syntax::read_statements(&source) {
        Err(incomplete) => Input::Incomplete(incomplete),
        Ok(parsed) if parsed.diagnostics.is_empty() && awaits_its_statement(&parsed.script) => {
            Input::Incomplete(Incomplete::Statement)
        }
        Ok(parsed) if parsed.diagnostics.is_empty() => Input::Typed(Box::new(parsed.script)),
        Ok(parsed) => Input::Unreadable(source, parsed.diagnostics),
    }
}

/// An `allow` alone is the beginning of the statement that it is for.
fn awaits_its_statement(typed: &Script) -> bool {
    let end = |spans: &mut dyn Iterator<Item = Span>| spans.map(|span| span.end).max();
    let last_allow = end(&mut typed.allows.iter().map(|allow| allow.span));
    let last_statement = end(&mut typed.statements.iter().map(|statement| statement.span));
    let declares = typed.header.is_some() || !typed.tables.is_empty() || !typed.apps.is_empty();
    last_allow.is_some() && last_allow > last_statement && !declares
}

/// Whether a line that starts no statement was rather meant for a command.
fn looks_mistyped(word: &str, rest: &str) -> bool {
    let is_word = word.chars().all(char::is_alphanumeric);
    let near = || nearest(word, COMMANDS.iter().map(|spec| spec.name)).is_some();
    is_word && !KEYWORDS.contains(&word) && (rest.is_empty() || near())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_application_is_named_before_what_it_does() {
        for (text, name) in [("as v1 select", "v1"), (" AS V1 select ", "v1"), ("as \"My app\" select *", "My app")] {
            let Input::Acts(act) = read(text) else { panic!("{text}") };
            assert_eq!(act.app.as_deref(), Some(name));
            assert!(matches!(act.operation, Dml::Select(_)));
        }
        assert!(matches!(read("as select select"), Input::Acts(_)));
    }

    #[test]
    fn beginnings_go_on() {
        for text in [
            "expand",
            "expand {",
            "table users {\n id integer",
            "select 'a",
            "as v1 insert into t values (",
            "expand add column x text default 'a",
            "allow in-use because 'a test'",
        ] {
            assert!(is_incomplete(text), "{text}");
        }
        for text in ["", "step", "as v1", "expand add column x", "table users", "setp", "}", "select *"] {
            assert!(!is_incomplete(text), "{text}");
        }
    }
}

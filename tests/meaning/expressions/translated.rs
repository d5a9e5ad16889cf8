//! The SQL that miglab makes of an expression, held against the evaluator: what it says hangs on no setting of the session
//! is computed in a session in which every such setting is another one.

use miglab::data::Type;
use miglab::expr::Expression;
use postgres::Client;

use super::tree::Pair;
use super::{Cell, Findings, Table, ask};

/// A value as text, whatever the session's settings are.
const CANONICAL: &str = "create function pg_temp.canonical(anyelement) returns text language sql
    set timezone to 'UTC' set datestyle to 'ISO, MDY' set intervalstyle to 'postgres' set extra_float_digits to 1
    set bytea_output to 'hex' as 'select $1::text'";

const OTHER_SETTINGS: &str = "set timezone to 'Asia/Kolkata'; set datestyle to 'SQL, DMY';
    set intervalstyle to 'sql_standard'; set extra_float_digits to -3; set bytea_output to 'escape';
    set escape_string_warning to off; set standard_conforming_strings to off";

const USUAL_SETTINGS: &str = "reset timezone; reset datestyle; reset intervalstyle; reset extra_float_digits;
    reset bytea_output; reset standard_conforming_strings";

/// An expression of which the evaluator has said what its cells are.
struct Translated<'a> {
    pair: Pair,
    cells: &'a [Cell],
}

/// Compares the SQL of all expressions that can be resolved.
pub fn compare(client: &mut Client, pairs: &[Pair], known: &[Vec<Cell>]) {
    client.batch_execute(CANONICAL).expect("the function can be made");
    let (mut steady, mut shifting) = (Vec::new(), Vec::new());
    for (pair, cells) in pairs.iter().zip(known) {
        let Ok(expression) = Expression::resolve(&pair.tree, &Table, None) else { continue };
        let sql = expression.to_sql(&|name| format!("\"{name}\""));
        let depends = expression.depends_on_settings();
        let sql =
            if !depends && is_written_by_settings(expression.ty()) { format!("pg_temp.canonical({sql})") } else { sql };
        let sql = hidden(&sql);
        let translated = Translated { pair: Pair { tree: pair.tree.clone(), sql }, cells };
        if depends { &mut shifting } else { &mut steady }.push(translated);
    }
    let mut findings = Findings::default();
    hold(client, &shifting, &mut findings);
    client.batch_execute(OTHER_SETTINGS).expect("anybody may set these");
    hold(client, &steady, &mut findings);
    client.batch_execute(USUAL_SETTINGS).expect("anybody may set these");
    findings.conclude();
    assert!(pairs.len() < 1000 || steady.len() * 5 > pairs.len(), "only {} hang on no setting", steady.len());
}

fn hold(client: &mut Client, some: &[Translated<'_>], findings: &mut Findings) {
    let texts: Vec<String> = some.iter().map(|translated| translated.pair.sql.clone()).collect();
    for (translated, theirs) in some.iter().zip(ask(client, &texts)) {
        findings.compare(&translated.pair, Ok(translated.cells.to_vec()), &theirs);
    }
}

/// The same with each constant in a subquery: PostgreSQL computes what stands around constants ahead of time, also in
/// branches that no row reaches, and leaves out the operands of what is null anyway.
fn hidden(sql: &str) -> String {
    let mut rest = sql;
    let mut made = String::with_capacity(sql.len() * 2);
    while !rest.is_empty() {
        let is_inside_word = made.chars().last().is_some_and(|c| c.is_alphanumeric() || c == '_');
        let length = if is_inside_word { None } else { constant_length(rest, &made) };
        if let Some(length) = length {
            made.extend(["(select ", &rest[..length], ")"]);
            rest = &rest[length..];
            continue;
        }
        let length = if rest.starts_with(['\'', '"']) {
            quoted_length(rest)
        } else {
            rest.chars().next().map_or(1, char::len_utf8)
        };
        made += &rest[..length];
        rest = &rest[length..];
    }
    made
}

/// How long the constant with its type is that a text begins with.
fn constant_length(text: &str, before: &str) -> Option<usize> {
    let after_value = match text {
        text if text.starts_with('\'') => quoted_length(text),
        text if text.starts_with("E'") => 1 + quoted_length(&text[1..]),
        text if text.starts_with("null::") => 4,
        _ if before.ends_with("is ") => return None,
        text => return word(text, "true").or_else(|| word(text, "false")),
    };
    let ty = text[after_value..].strip_prefix("::")?;
    let end = ty.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(ty.len());
    let end = if ty.starts_with("double precision") { "double precision".len() } else { end };
    let modifiers = ty[end..].starts_with('(').then(|| ty[end..].find(')')).flatten().map_or(0, |at| at + 1);
    let array = if ty[end..].starts_with("[]") { 2 } else { 0 };
    Some(after_value + 2 + end + modifiers + array)
}

fn word(text: &str, word: &str) -> Option<usize> {
    let rest = text.strip_prefix(word)?;
    (!rest.starts_with(|c: char| c.is_alphanumeric() || c == '_')).then_some(word.len())
}

/// How long the quoted text is that a text begins with; a quote in it is doubled.
fn quoted_length(text: &str) -> usize {
    let quote = text.chars().next().unwrap_or('\'');
    let mut at = 1;
    while let Some(found) = text[at..].find(quote) {
        at += found + 1;
        if !text[at..].starts_with(quote) {
            return at;
        }
        at += 1;
    }
    text.len()
}

fn is_written_by_settings(ty: Type) -> bool {
    matches!(
        ty,
        Type::Date | Type::Timestamp | Type::TimestampTz | Type::Interval | Type::Real | Type::Double | Type::Bytea
    )
}

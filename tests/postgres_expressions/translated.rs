//! The SQL that miglab makes of an expression, held against the evaluator: what it says hangs on no setting of the session
//! is computed in a session in which every such setting is another one.

use miglab::data::Type;
use miglab::expr::Expression;
use postgres::Client;

use crate::tree::Pair;
use crate::{Cell, Findings, Table, ask};

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
        let sql = if !depends && is_written_by_settings(expression.ty()) { format!("pg_temp.canonical({sql})") } else { sql };
        let translated = Translated { pair: Pair { tree: pair.tree.clone(), sql }, cells };
        if depends { &mut shifting } else { &mut steady }.push(translated);
    }
    let mut findings = Findings::default();
    let mut ahead = hold(client, &shifting, &mut findings);
    client.batch_execute(OTHER_SETTINGS).expect("anybody may set these");
    ahead += hold(client, &steady, &mut findings);
    client.batch_execute(USUAL_SETTINGS).expect("anybody may set these");
    findings.conclude();
    assert!(ahead * 10 <= pairs.len(), "{ahead} of {} expressions fail before the first row", pairs.len());
    assert!(pairs.len() < 1000 || steady.len() * 5 > pairs.len(), "only {} hang on no setting", steady.len());
}

/// How many of them PostgreSQL refused before it looked at a row.
fn hold(client: &mut Client, some: &[Translated<'_>], findings: &mut Findings) -> usize {
    let texts: Vec<String> = some.iter().map(|translated| translated.pair.sql.clone()).collect();
    let mut ahead = 0;
    for (translated, theirs) in some.iter().zip(ask(client, &texts)) {
        if failed_ahead(&theirs) {
            ahead += usize::from(!failed_ahead(translated.cells));
        } else {
            findings.compare(&translated.pair, Ok(translated.cells.to_vec()), &theirs);
        }
    }
    ahead
}

/// The same error in every row: PostgreSQL computes what stands around constants ahead of time, also in branches that no
/// row reaches.
fn failed_ahead(cells: &[Cell]) -> bool {
    let is_error = |cell: &Cell| cell.as_ref().is_some_and(|text| text.starts_with("!22"));
    cells.first().is_some_and(is_error) && cells.iter().all(|cell| cell == &cells[0])
}

fn is_written_by_settings(ty: Type) -> bool {
    matches!(
        ty,
        Type::Date | Type::Timestamp | Type::TimestampTz | Type::Interval | Type::Real | Type::Double | Type::Bytea
    )
}

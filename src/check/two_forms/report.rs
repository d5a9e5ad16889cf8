//! What there is to say about a round.

use rustc_hash::FxHashMap;

use crate::catalog::SyncId;
use crate::check::two_forms::Loss;
use crate::check::two_forms::round::{Leg, Round, RoundColumn, RoundOutcome};
use crate::data::Value;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;

/// Longer texts are cut, with their length after them.
const LONGEST: usize = 48;

/// The two forms of a round: "`full_name` <-> `first_name`, `last_name`".
pub(super) fn title(round: &Round) -> String {
    let others: Vec<String> = round.other_form().iter().map(|place| name(round, place)).collect();
    format!("{} <-> {}", name(round, round.target()), others.join(", "))
}

/// That no value was found, where not all were tried.
pub(super) fn note(title: &str, tried: usize) -> String {
    format!("{title}: {}; that does not prove that none ever is", none_changed(tried))
}

/// That every value comes back, of which no more is known than that.
pub(super) fn condition(round: &Round, tried: usize, placed: &FxHashMap<SyncId, Span>) -> Diagnostic {
    let at = round.legs().filter_map(|leg| placed.get(&leg.sync.id)).max_by_key(|span| span.start);
    let what = format!("{}: every value comes back as it was written", title(round));
    Diagnostic::new(Code::Condition, what, at.copied().unwrap_or_default(), none_changed(tried)).help(
        "add a check that lists the values, so that each is tried, or translate with expressions that undo each other, such \
         as a cast and the cast back",
    )
}

fn none_changed(tried: usize) -> String {
    let values = if tried == 1 { "1 value".to_owned() } else { format!("{tried} values") };
    format!("none of {values} was changed by the round trip")
}

/// A value that does not survive, at the statements that translate it.
pub(super) fn finding(loss: &Loss, placed: &FxHashMap<SyncId, Span>) -> Diagnostic {
    let Loss { round, row, outcome } = loss;
    let (column, value) = (name(round, round.target()), literal(&row[round.at]));
    let span = |leg: &Leg| placed.get(&leg.sync.id).copied().unwrap_or_default();
    let (message, told, help) = match outcome {
        RoundOutcome::Refused { leg, why } if *leg < round.there.len() => {
            (format!("{column} {value} cannot be written: {why}"), *leg + 1, refused_help(round))
        }
        RoundOutcome::Refused { why, .. } => {
            (format!("{column} {value} cannot come back: {why}"), round.there.len() + 1, lost_help(round))
        }
        RoundOutcome::Lost(back) => {
            let message = format!("{column} {value} comes back as {}", literal(back));
            (message, round.there.len() + 1, lost_help(round))
        }
        RoundOutcome::Kept | RoundOutcome::Untried => (format!("{column} {value} comes back"), 0, String::new()),
    };
    let texts = legs(loss, told > 1);
    let mut told_at: Vec<(Span, String)> = Vec::new();
    for (leg, text) in round.legs().zip(texts).take(told) {
        match told_at.iter_mut().find(|(at, _)| *at == span(leg)) {
            Some((_, before)) => *before = format!("{before}, {text}"),
            None => told_at.push((span(leg), text)),
        }
    }
    // It is reported where the value is lost, which is the last place.
    let (at, text) = told_at.pop().unwrap_or_default();
    let finding = Diagnostic::new(Code::LossyTranslation, message, at, text).help(help);
    told_at.into_iter().fold(finding, |finding, (at, text)| finding.label(at, text))
}

/// What each leg does, in the order in which they are gone, as far as that is.
fn legs(loss: &Loss, numbered: bool) -> Vec<String> {
    let Loss { round, row, .. } = loss;
    let (mut values, mut texts) = (row.clone(), Vec::new());
    for (number, leg) in round.legs().enumerate() {
        let beside = if number == 0 { beside(loss) } else { String::new() };
        let gone = round.through(number, &values);
        let text = match &gone {
            Some(Ok(value)) => format!("{} becomes {}", name(round, &round.places[leg.into]), literal(value)),
            None => format!("{} becomes something long", name(round, &round.places[leg.into])),
            Some(Err(why)) => format!("{}: {why}", name(round, &round.places[leg.into])),
        };
        let number = if numbered { format!("{} ", number + 1) } else { String::new() };
        texts.push(format!("{number}{text}{beside}"));
        match gone {
            Some(Ok(value)) => values.push(value),
            Some(Err(_)) | None => break,
        }
    }
    texts
}

/// What is written besides the column that comes back.
fn beside(loss: &Loss) -> String {
    let round = &loss.round;
    let others = round.besides(&loss.row).map(|(place, value)| format!("{} {}", name(round, place), literal(value)));
    let others: Vec<String> = others.collect();
    if others.is_empty() { String::new() } else { format!(", with {}", others.join(", ")) }
}

fn lost_help(round: &Round) -> String {
    let others: Vec<String> = round.other_form().iter().map(|place| name(round, place)).collect();
    let column = name(round, round.target());
    format!(
        "when another version of the application changes {}, {column} is computed again and what it held is lost; \
         choose a translation that keeps it, or say why that is fine: `allow {} because '…'`",
        others.join(" or "),
        Code::LossyTranslation
    )
}

fn refused_help(round: &Round) -> String {
    let column = name(round, round.target());
    format!(
        "an application that writes this to {column} gets an error while the sync is in force; translate it to \
         something that fits, or say why that is fine: `allow {} because '…'`",
        Code::LossyTranslation
    )
}

/// A column as messages call it: with its table where the round is over several.
fn name(round: &Round, place: &RoundColumn) -> String {
    let one_table = round.places.iter().all(|other| other.table == place.table);
    if one_table { format!("`{}`", place.column.name) } else { format!("`{}.{}`", place.table, place.column.name) }
}

/// A value as messages show it.
pub(in crate::check) fn literal(value: &Value) -> String {
    let literal: String = value.literal().chars().flat_map(visible).collect();
    let length = literal.chars().count();
    if length <= LONGEST {
        return literal;
    }
    let start: String = literal.chars().take(LONGEST / 2).collect();
    let quote = if literal.starts_with('\'') { "'" } else { "" };
    let length = value.to_string().chars().count();
    format!("{start}…{quote} ({length} characters)")
}

/// A character, or how it is written where it cannot be seen.
fn visible(letter: char) -> Vec<char> {
    let hidden = letter.is_control() || matches!(letter, '\u{a0}' | '\u{200b}'..='\u{200f}' | '\u{300}'..='\u{36f}');
    if hidden { letter.escape_default().collect() } else { vec![letter] }
}

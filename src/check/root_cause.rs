//! One finding per root cause: a finding that only follows from another one is left out.

use std::collections::BTreeSet;

use crate::ast::{Script, TableDef};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;

/// The codes that a code follows from, when they are about the same statement.
fn causes(code: Code) -> &'static [Code] {
    match code {
        Code::PhaseOrder => &[
            Code::BackfillBeforeSync,
            Code::UsedBeforeAdded,
            Code::UsedAfterDrop,
            Code::ValidateBeforeBackfill,
            Code::WrongPhase,
            Code::BigBang,
        ],
        Code::ContractWithoutExpand => &[
            Code::UsedAfterDrop,
            Code::AddedThenDropped,
            Code::InUse,
            Code::StillNeeded,
            Code::WrongPhase,
            Code::BigBang,
        ],
        // A statement that may not be repeated is wrong whatever it overwrites.
        Code::OverwritesData => &[Code::NotIdempotent],
        Code::TypeMismatch => &[Code::Syntax],
        Code::InUse => &[Code::WrongPhase, Code::BigBang],
        Code::NoStatements => &[Code::Syntax, Code::SqlStatement, Code::MissingPhase],
        _ => &[],
    }
}

/// Leaves out names that nothing has where they stand in a declaration that could not be read.
pub(super) fn leave_out_unread(script: &Script, findings: &mut Vec<Diagnostic>) {
    let unread = findings.iter().filter(|finding| finding.code == Code::Syntax).map(Diagnostic::span);
    // The declarations stand in the order of their places.
    let broken = |span: Span| {
        let table: &TableDef =
            script.tables.get(script.tables.partition_point(|table| table.span.end <= span.start))?;
        (table.span.start <= span.start).then_some(table.span)
    };
    let broken: BTreeSet<&str> = unread
        .filter_map(broken)
        .flat_map(|span| script.source.slice(span).split(|c: char| !c.is_alphanumeric() && c != '_'))
        .collect();
    if broken.is_empty() {
        return;
    }
    let name = |span: Span| script.source.slice(span).rsplit('.').next().unwrap_or_default().trim_matches('"');
    findings.retain(|finding| finding.code != Code::UnknownName || !broken.contains(name(finding.span())));
}

/// Leaves out what only follows from something else.
pub(super) fn keep(findings: &mut Vec<Diagnostic>) {
    let places = |codes: &[Code]| -> Vec<Span> {
        let labels =
            findings.iter().filter(|finding| codes.contains(&finding.code)).flat_map(|finding| &finding.labels);
        let mut spans: Vec<Span> = labels.map(|label| label.span).collect();
        spans.sort();
        spans
    };
    let mut secondary: Vec<(Code, Vec<Span>)> = Vec::new();
    for finding in findings.iter() {
        let codes = causes(finding.code);
        if !codes.is_empty() && secondary.iter().all(|(code, _)| *code != finding.code) {
            secondary.push((finding.code, places(codes)));
        }
    }
    findings.retain(|finding| {
        let causes = secondary.iter().find(|(code, _)| *code == finding.code);
        let Some((code, places)) = causes else { return true };
        let follows = match code {
            Code::NoStatements => !places.is_empty(),
            _ => any_within(places, finding.span()),
        };
        !follows
    });
}

/// Whether one of the sorted places begins within `span`.
fn any_within(places: &[Span], span: Span) -> bool {
    let first = places.partition_point(|place| place.start < span.start);
    places.get(first).is_some_and(|place| place.start < span.end)
}

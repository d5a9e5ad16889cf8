//! `missing-app`: no application is declared, so who is live is assumed.

use crate::ast::Script;
use crate::catalog::Catalog;
use crate::check::{At, Rule, allow};
use crate::diagnostic::{Code, Diagnostic};
use crate::phrase::counted;
use crate::plan::Planner;
use crate::plan::assumed::{self, Assumed, Places, Rollout};
use crate::source::{Source, Span};
use crate::syntax;

/// Applications that use more columns than this together are not spelt out.
const MOST_SPELT_OUT: usize = 40;

/// Follows a plan without applications to where they would change.
#[derive(Default)]
pub(super) struct MissingApp {
    /// The schema before the first statement; none where the script declares applications.
    start: Option<Catalog>,
    places: Places,
    anchors: Anchors,
}

/// The statements after which the versions change.
#[derive(Default)]
struct Anchors {
    first: Option<Span>,
    /// The last of expand and migrate, with its place after it.
    moved: Option<(usize, Span)>,
    /// The one before the first contract statement; none where that is the first.
    kept: Option<(usize, Option<Span>)>,
    last: Option<(usize, Span)>,
}

impl Anchors {
    fn pass(&mut self, at: &At<'_, '_>) {
        use crate::ast::Phase::{Contract, Expand, Migrate};
        let span = at.statement.span;
        let here = (self.last.map_or(1, |(count, _)| count + 1), span);
        self.first.get_or_insert(span);
        match at.statement.phase {
            Some(Expand | Migrate) => self.moved = Some(here),
            Some(Contract) => {
                let before = self.last;
                self.kept.get_or_insert((here.0 - 1, before.map(|(_, span)| span)));
            }
            None => {}
        }
        self.last = Some(here);
    }

    /// The statement before a place, or the block that it ends.
    fn before(&self, place: usize, source: &Source) -> Option<Span> {
        let kept = self.kept.and_then(|(place, span)| Some((place, span?)));
        let before = [self.moved, kept, self.last].into_iter().flatten().find(|(at, _)| *at == place);
        before.map(|(_, span)| brace_behind(source.text(), span.end as usize).unwrap_or(span))
    }
}

/// The brace that ends a block after its last statement.
fn brace_behind(text: &str, end: usize) -> Option<Span> {
    let mut at = end;
    loop {
        let rest = text.get(at..)?.trim_start_matches(|c: char| c.is_whitespace() || c == ';');
        at = text.len() - rest.len();
        match syntax::comment_at(text, at) {
            Some(behind) => at = behind,
            None => break,
        }
    }
    text[at..].starts_with('}').then(|| Span::new(at, at + 1))
}

impl Rule for MissingApp {
    fn start(&mut self, planner: &mut Planner<'_>, script: &Script, _findings: &mut Vec<Diagnostic>) {
        self.start = script.apps.is_empty().then(|| planner.catalog().clone());
    }

    fn statement(&mut self, at: &mut At<'_, '_>, _findings: &mut Vec<Diagnostic>) {
        if self.start.is_some() {
            self.places.pass(at.statement.phase);
            self.anchors.pass(at);
        }
    }

    fn finish(&mut self, planner: &Planner<'_>, script: &Script, findings: &mut Vec<Diagnostic>) {
        let (Some(mut start), Some(first)) = (self.start.take(), self.anchors.first) else { return };
        if findings.iter().any(|finding| allow::stands_in_the_way(script, finding)) {
            return;
        }
        planner.imply_in(&mut start);
        let place = script.header.as_ref().map_or(first, |header| header.span);
        let (before, after) = (assumed::usable_count(&start), assumed::usable_count(planner.catalog()));
        if before + after > MOST_SPELT_OUT {
            findings.push(finding(place).help(assumption(before, after)));
        } else if let Some(assumed) = assumed::between(&start, planner.catalog(), self.places) {
            findings.push(self.spelt_out(place, &assumed, planner, &script.source));
        }
    }
}

impl MissingApp {
    fn spelt_out(&self, place: Span, assumed: &Assumed, planner: &Planner<'_>, source: &Source) -> Diagnostic {
        let mut found = finding(place);
        let apps = assumed.apps.iter().map(|app| app.declaration(planner.default_table()));
        let mut lines: Vec<String> = apps.flat_map(|app| app.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
        for group in assumed.rollout.chunk_by(|one, other| one.place == other.place) {
            let texts: Vec<String> = group.iter().map(Rollout::text).collect();
            let (words, verb) = (texts.join("`, then `"), if texts.len() > 1 { "go" } else { "goes" });
            let behind = self.anchors.before(group[0].place, source);
            let where_to = match behind {
                Some(span) => format!("after line {}", source.position(span.end).line),
                None => "before the first statement".to_owned(),
            };
            lines.extend(texts.iter().map(|text| format!("{text}  # {where_to}")));
            found = match behind.or(self.anchors.first) {
                Some(span) if behind.is_some() => found.label(span, format!("`{words}` {verb} after this")),
                Some(span) => found.label(span, format!("`{words}` {verb} before this")),
                None => found,
            };
        }
        let lines = lines.join("\n    ");
        found.help(format!("declare who is live; this is assumed:\n    {lines}\n`miglab check --infer-apps` writes it"))
    }
}

fn finding(place: Span) -> Diagnostic {
    let message = "no `app` is declared: who is live during the plan is assumed";
    Diagnostic::new(Code::MissingApp, message, place, "nothing here says who is live")
}

fn assumption(before: usize, after: usize) -> String {
    let columns = |count: usize| counted(count, "column", "columns");
    format!(
        "this assumes an old version that uses the {} of the start until the first contract statement, and a new one \
         that uses the {} of the end once migrate is over; `miglab check --infer-apps` writes them",
        columns(before),
        columns(after)
    )
}

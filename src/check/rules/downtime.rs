//! `downtime`: a version goes before another one comes, and nobody is live in between.

use crate::ast::{Name, Script};
use crate::check::{At, Rule, allow};
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::{Gate, Planner};
use crate::source::Span;

/// Who is live, and since when nobody is.
#[derive(Default)]
pub(super) struct Downtime {
    live: Vec<Name>,
    /// The statement that has retired the last version.
    nobody_since: Option<Span>,
    /// From where to where nobody was.
    gaps: Vec<(Span, Span)>,
}

impl Rule for Downtime {
    fn start(&mut self, planner: &mut Planner<'_>, script: &Script, _findings: &mut Vec<Diagnostic>) {
        if !script.apps.is_empty() {
            self.live = planner.catalog().live().cloned().collect();
        }
    }

    fn statement(&mut self, at: &mut At<'_, '_>, _findings: &mut Vec<Diagnostic>) {
        let span = at.statement.span;
        match at.effect.gate {
            Some(Gate::Deploy(app)) => {
                self.gaps.extend(self.nobody_since.take().map(|since| (since, span)));
                if !self.live.contains(app) {
                    self.live.push(app.clone());
                }
            }
            Some(Gate::Retire(app)) => {
                let was_live = !self.live.is_empty();
                self.live.retain(|live| live != app);
                if was_live && self.live.is_empty() {
                    self.nobody_since = Some(span);
                }
            }
            _ => {}
        }
    }

    fn finish(&mut self, _planner: &Planner<'_>, script: &Script, findings: &mut Vec<Diagnostic>) {
        if !findings.iter().any(|finding| allow::stands_in_the_way(script, finding)) {
            findings.extend(self.gaps.iter().map(|(since, until)| finding(script, *since, *until)));
        }
    }
}

fn finding(script: &Script, since: Span, until: Span) -> Diagnostic {
    let line = |span: Span| script.source.position(span.start).line;
    let (from, to) = (line(since), line(until));
    let message = format!("no version of the application is live from line {from} to line {to}: that is downtime");
    let help = "it is safe, and takes as long as the statements between the two; to go without, let both versions live \
                beside each other: `deploy` the next one before the last one is retired";
    Diagnostic::new(Code::Downtime, message, since, "the last version goes …")
        .label(until, "… and the next one comes")
        .help(help)
}

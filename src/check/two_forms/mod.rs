//! `lossy-translation`: where columns are translated into others and back, a value that does not survive the way there
//! and back. The law of two forms: a write through either form comes back as it was written.
//!
//! `round` finds the ways there and back among the syncs in force and goes them; `trials` puts it together with the rows of the script, `shrink` makes what was found small.

pub(in crate::check) mod report;
mod round;
pub(super) mod script_rows;
mod shrink;
#[cfg(test)]
mod tests;
mod trials;

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::ast::Script;
use crate::catalog::{Catalog, ColumnId, NotNull, Sync, SyncId};
use crate::check::{At, Rule};
use crate::data::Value;
use crate::diagnostic::Diagnostic;
use crate::plan::{AppUse, Effect, Planner};
use crate::source::Span;

use round::{Round, RoundOutcome};
use script_rows::ScriptRows;
use trials::Trials;

/// So many rounds try as many values as they can; those after them try fewer, so that long plans are checked quickly.
const THOROUGH_ROUNDS: usize = 64;
/// The evaluations of one round, where it is thorough and where it is not.
const MOST_TRIALS: [usize; 2] = [2_000, 200];

/// Columns that are translated both ways, and what is known of them so far.
#[derive(Default)]
pub(super) struct TwoForms {
    rows: ScriptRows,
    /// Where each sync was put in force.
    placed: FxHashMap<SyncId, Span>,
    /// Some sync does more than copy.
    translates: bool,
    /// The columns that were not null before the plan relaxed that: the versions that come later write no null either.
    relaxed: FxHashSet<ColumnId>,
    /// The columns that the plan adds.
    added: FxHashSet<ColumnId>,
    /// The rounds that were gone, by the syncs on them.
    gone: FxHashSet<Vec<SyncId>>,
    notes: Vec<String>,
}

/// A value that does not survive.
struct Loss {
    round: Round,
    /// What is written.
    row: Vec<Value>,
    outcome: RoundOutcome,
}

/// What the search sees of the plan where it stands.
struct Moment<'a> {
    catalog: &'a Catalog,
    apps: &'a [AppUse],
    script: &'a Script,
    relaxed: &'a FxHashSet<ColumnId>,
    added: &'a FxHashSet<ColumnId>,
    /// So many writes are tried in a round at most.
    limit: usize,
}

impl Rule for TwoForms {
    fn start(&mut self, planner: &mut Planner<'_>, script: &Script, _findings: &mut Vec<Diagnostic>) {
        if !script.rows.is_empty() {
            self.rows = ScriptRows::of(planner.catalog());
        }
    }

    fn statement(&mut self, at: &mut At<'_, '_>, findings: &mut Vec<Diagnostic>) {
        let catalog = at.planner.catalog();
        self.note(at.effect, at.statement.span);
        let leaving: Vec<&Arc<Sync>> = at.effect.removes_syncs.iter().filter_map(|sync| catalog.sync(*sync)).collect();
        if self.translates && !leaving.is_empty() {
            self.look(&leaving, (catalog, at.planner.apps(), at.script), findings);
        }
    }

    fn finish(&mut self, planner: &Planner<'_>, script: &Script, findings: &mut Vec<Diagnostic>) {
        if self.translates {
            let translating: Vec<&Arc<Sync>> = planner.catalog().syncs().filter(|sync| !is_copy(sync)).collect();
            self.look(&translating, (planner.catalog(), planner.apps(), script), findings);
        }
    }

    fn notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }
}

impl TwoForms {
    /// Notes what an action means for the search.
    fn note(&mut self, effect: &Effect<'_>, span: Span) {
        self.translates |= effect.adds_syncs.iter().any(|sync| !is_copy(sync));
        self.placed.extend(effect.adds_syncs.iter().map(|sync| (sync.id, span)));
        self.added.extend(effect.adds.iter().map(|(_, column)| column.id));
        if let Some((column, NotNull::No)) = effect.not_null {
            self.relaxed.insert(column);
        }
    }

    /// Goes the rounds that these syncs are on, and those of columns linked to theirs.
    fn look(
        &mut self,
        syncs: &[&Arc<Sync>],
        (catalog, apps, script): (&Catalog, &[AppUse], &Script),
        findings: &mut Vec<Diagnostic>,
    ) {
        let mut seen = FxHashSet::default();
        for sync in syncs {
            let rounds: Vec<Round> = round::linked(sync, catalog, &mut seen)
                .iter()
                .filter_map(|sync| Round::of(sync, catalog))
                .filter(|round| round.translates() && round.is_of_known_types() && self.gone.insert(round.syncs()))
                .collect();
            if rounds.is_empty() {
                continue;
            }
            let limit = MOST_TRIALS[usize::from(self.gone.len() > THOROUGH_ROUNDS)];
            let moment = Moment { catalog, apps, script, relaxed: &self.relaxed, added: &self.added, limit };
            match go(rounds, &moment, &mut self.rows) {
                Survey::Lossy(losses) => {
                    findings.extend(losses.iter().map(|loss| report::finding(loss, &self.placed)));
                }
                Survey::Kept(Some((round, tried))) if apps.is_empty() => {
                    self.notes.push(report::note(&report::title(&round), tried));
                }
                Survey::Kept(Some((round, tried))) => {
                    findings.push(report::condition(&round, tried, &self.placed));
                }
                Survey::Kept(None) => {}
            }
        }
    }
}

/// What came of the rounds over columns that are linked.
enum Survey {
    /// Values that do not survive.
    Lossy(Vec<Loss>),
    /// None was found. Of a round, if any, no more is known than that it changed none of so many values.
    Kept(Option<(Round, usize)>),
}

/// Goes rounds over columns that are linked.
fn go(rounds: Vec<Round>, moment: &Moment<'_>, rows: &mut ScriptRows) -> Survey {
    let mut losses: Vec<Loss> = Vec::new();
    let mut open: Vec<Round> = Vec::new();
    let mut tried = 0;
    let is_known = |round: &Round| round.is_known_to_come_back(!trials::takes_null(round.target(), moment));
    for round in rounds.into_iter().filter(|round| round.is_written(moment.apps)) {
        let trials = Trials::of(&round, moment, rows);
        let is_overwritten = round.is_overwritten(moment.apps);
        tried += if is_overwritten { trials.len() } else { 0 };
        let fails = |row: &[Value]| -> bool {
            let counts = match round.outcome(row) {
                RoundOutcome::Kept | RoundOutcome::Untried => false,
                // Where there are applications, the proof says so.
                RoundOutcome::Refused { .. } => moment.apps.is_empty(),
                RoundOutcome::Lost(_) => is_overwritten,
            };
            counts && !losses.iter().any(|loss| loss.explains(&round, row))
        };
        if let Some(row) = trials.smallest(&round, &fails) {
            let outcome = round.outcome(&row);
            losses.push(Loss { round, row, outcome });
        } else if is_overwritten && !trials.are_all(&round) && !is_known(&round) {
            open.push(round);
        }
    }
    if losses.is_empty() {
        let open = open.into_iter().max_by_key(|round| round.other_form().len());
        return Survey::Kept(open.map(|round| (round, tried)));
    }
    Survey::Lossy(losses)
}

impl Loss {
    /// Whether what fails in another round is this loss over again: the same write, which fails here as well.
    fn explains(&self, other: &Round, row: &[Value]) -> bool {
        self.round.writes_the_same(other) && self.round.outcome(row) != RoundOutcome::Kept
    }
}

/// Whether a sync hands on what it finds: a column of the same type.
fn is_copy(sync: &Sync) -> bool {
    sync.value.as_plain_column().is_some()
}

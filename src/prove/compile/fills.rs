//! The visits of `backfill`, `seed` and `copy`, row by row.

use crate::ast::Name;
use crate::catalog::{ColumnId, Constraint, ConstraintKind, NotNull, Table};
use crate::expr::{Expression, Nullness};
use crate::obligations::Scenario;
use crate::plan::{Action, FillKind};
use crate::prove::compile::computed;
use crate::prove::compile::constraints::{self, broken_by_nulls, by_nulls, by_nulls_with, is_not_null, not_null_name};
use crate::prove::compile::image::{Guess, Image};
use crate::prove::compile::meetings;
use crate::prove::compile::record::{Record, added_by, wrong};
use crate::prove::compile::scene::{LayerScene, is_value};
use crate::prove::compile::unique::{Comes, Meeting, meeting};
use crate::prove::compile::values;
use crate::prove::layout::LeftOutBits;
use crate::prove::model::{ModelEvent, Transition, Wrong};
use crate::prove::proof::AnomalyKind;
use crate::prove::rule::Rule;
use crate::prove::survey::MOST_INPUTS;
use crate::prove::word::{Op, Pattern, Program, Word};

/// The table that a statement processes row by row, where it is one of the group's.
pub(super) fn driving_table(scene: LayerScene<'_>, action: &Action) -> Option<usize> {
    action.over().and_then(|table| scene.place(table))
}

/// The visits of a step that processes rows.
pub(super) fn visits<W: Word>(scene: LayerScene<'_>, step: usize, record: &mut Record<W>) -> Vec<Transition<W>> {
    let action = &scene.plan.steps[step].action;
    let Some(table) = driving_table(scene, action) else { return Vec::new() };
    let mut acts = Vec::new();
    for (guard, exists) in scene.rows().into_iter().filter(|(_, exists)| exists[table]) {
        let mut visiting = Visiting { scene, step, table, guard, exists, record, acts: &mut acts };
        match action {
            Action::Fill { kind, column, value, filter, .. } => {
                visiting.fill(*kind, *column, value, filter.as_ref());
            }
            Action::Copy { from, to, columns, filter, .. } => visiting.copy(from, to, columns, filter.as_ref()),
            // None of these goes through rows.
            Action::AddColumn { .. }
            | Action::KeepColumn { .. }
            | Action::AddTable(_)
            | Action::AddConstraint { .. }
            | Action::DropConstraint { .. }
            | Action::AddNotNull { .. }
            | Action::SetNotNull { .. }
            | Action::DropNotNull { .. }
            | Action::SetDefault { .. }
            | Action::ValidateConstraint { .. }
            | Action::ValidateNotNull { .. }
            | Action::AddSyncs(_)
            | Action::DropSyncs(_)
            | Action::Verify { .. }
            | Action::DropColumn { .. }
            | Action::DropTable(_)
            | Action::Deploy(_)
            | Action::Retire(_)
            | Action::Confirm(_)
            | Action::Wait(_) => {}
        }
    }
    acts
}

struct Visiting<'a, 'b, W> {
    scene: LayerScene<'a>,
    step: usize,
    table: usize,
    guard: Pattern<W>,
    exists: Vec<bool>,
    record: &'b mut Record<W>,
    acts: &'b mut Vec<Transition<W>>,
}

impl<W: Word> Visiting<'_, '_, W> {
    fn fill(&mut self, kind: FillKind, column: ColumnId, value: &Expression, filter: Option<&Expression>) {
        let scene = self.scene;
        let name = &scene.group.tables[self.table];
        let target = scene.bits(column);
        let column_name = scene.survey.name(column).column;
        let filtered = match filter {
            None => vec![(Pattern::ANY, Nullness::NotNull(Some(true)))],
            Some(filter) if scene.has(Rule::DistinctLeavesOutNothing) => {
                by_nulls_with(scene, filter, name, &|null| filter.known_if_distinct(null, &column_name, value))
            }
            Some(filter) => by_nulls(scene, filter, name),
        };
        for (pattern, known) in filtered {
            let Some(guard) = self.guard.meet(pattern) else { continue };
            if may_pass(known) {
                let null = target.filter(|_| kind == FillKind::Seed).map(|bits| bits.null);
                let treated = null.map_or(Some(guard), |null| guard.meet(Pattern::ANY.and(null, true)));
                if let Some(treated) = treated {
                    self.treat_fill(treated, known, kind, column, value);
                }
                let left = null.and_then(|null| guard.meet(Pattern::ANY.and(null, false)));
                left.into_iter().for_each(|left| self.pass_by(left, None));
            }
            if known != Nullness::NotNull(Some(true)) {
                self.leave_out(guard, known);
            }
        }
    }

    fn hangs(&mut self, known: Nullness) -> Option<usize> {
        let unknown = matches!(known, Nullness::Unknown | Nullness::NotNull(None));
        unknown.then(|| self.record.undecided(Some(self.step), "whether its `where` holds for the row".to_owned()))
    }

    fn treat_fill(&mut self, guard: Pattern<W>, known: Nullness, kind: FillKind, column: ColumnId, value: &Expression) {
        let (name, step) = (self.scene.group.tables[self.table].clone(), self.step);
        self.treat(guard, known, |image| {
            image.keep_before(step);
            let fresh = kind == FillKind::Seed || !image.scene().has(Rule::BackfillTakesFreshness);
            if fresh {
                image.start_from(column, value, &name, kind == FillKind::Backfill);
            } else {
                image.compute(column, value, &name);
            }
            image.stored = vec![image.scene().place(&name).unwrap_or(0)];
        });
    }

    fn copy(&mut self, from: &Name, to: &Name, columns: &[(ColumnId, Expression)], filter: Option<&Expression>) {
        let scene = self.scene;
        let Some(target) = scene.place(to) else { return self.pass_by(self.guard, None) };
        let filtered = match filter {
            None => vec![(Pattern::ANY, Nullness::NotNull(Some(true)))],
            Some(filter) => by_nulls(scene, filter, from),
        };
        for (pattern, known) in filtered {
            let Some(guard) = self.guard.meet(pattern) else { continue };
            if self.exists[target] && !scene.has(Rule::CopyCompletes) {
                self.pass_by(guard, None);
            } else if may_pass(known) && self.exists[target] {
                self.complete(guard, known, from, columns);
            } else if may_pass(known) {
                self.treat(guard, known, |image| {
                    image.insert(target);
                    columns.iter().for_each(|(column, value)| image.compute(*column, value, from));
                    image.stored = vec![target];
                });
            }
            if known != Nullness::NotNull(Some(true)) {
                self.leave_out(guard, known);
            }
        }
    }

    /// Fills what is null in a row that is there.
    fn complete(&mut self, guard: Pattern<W>, known: Nullness, from: &Name, columns: &[(ColumnId, Expression)]) {
        let tracked: Vec<_> =
            columns.iter().filter_map(|given| Some((given, self.scene.bits(given.0)?.null))).collect();
        for nulls in 0..1_u32 << tracked.len().min(MOST_INPUTS) {
            let is_null = |at: usize| nulls >> at & 1 == 1;
            let pattern = tracked
                .iter()
                .enumerate()
                .fold(Pattern::ANY, |pattern, (at, (_, null))| pattern.and(*null, is_null(at)));
            let Some(guard) = guard.meet(pattern) else { continue };
            if nulls == 0 {
                self.pass_by(guard, None);
                continue;
            }
            self.treat(guard, known, |image| {
                let empty = tracked.iter().enumerate().filter(|(at, _)| is_null(*at));
                empty.for_each(|(_, ((column, value), _))| image.compute(*column, value, from));
            });
        }
    }

    fn treat(&mut self, guard: Pattern<W>, known: Nullness, work: impl Fn(&mut Image<'_, W>)) {
        let action = &self.scene.plan.steps[self.step].action;
        let filter = action.effect(self.scene.catalog).filter;
        for guess in [Guess::Value, Guess::Null] {
            let mut image = Image::new(self.scene, &self.exists, guess).of_visit(filter);
            work(&mut image);
            let guessed = image.guessed;
            let witness = image.witness.as_ref().map(|witness| self.record.witness(witness));
            let what = "whether what it computes is null".to_owned();
            let undecided = if guessed && guess == Guess::Null && witness.is_none() {
                Some(self.record.undecided(Some(self.step), what))
            } else {
                self.hangs(known)
            };
            let refused = self.refusals(&image);
            let mut risks = self.failures(&image);
            risks.extend(self.broken_checks(&image));
            image.code.push(Op::assign(self.scene.layout.visited, true));
            for (left_out, _) in self.turns() {
                image.code.push(Op::assign(left_out, false));
            }
            let happening = self.record.happening(ModelEvent::Visit { step: self.step, treats: true });
            self.note_meetings(happening);
            let base = Transition::new(guard, image.code, happening);
            self.acts.push(Transition { refused, risks, undecided, witness, ..base });
            if !guessed {
                return;
            }
        }
    }

    /// Where the statement fails, because an expression does.
    fn failures(&mut self, image: &Image<'_, W>) -> Vec<(Pattern<W>, usize)> {
        let mut risks = Vec::new();
        let place = (self.scene, Some(self.step));
        for doubt in image.doubts.iter().filter(|_| self.scene.has(Rule::ExpressionsMayFail)) {
            let wrong = values::failure(doubt, AnomalyKind::FailingStep, None, self.scene);
            let condition = values::failing_condition(self.scene, doubt, None);
            let risk = values::weigh(place, &doubt.answer, wrong, true, condition, self.record);
            risks.extend(risk.map(|risk| values::after(image, risk)));
        }
        risks.extend(self.failing_filter());
        for column in &image.open {
            values::require_value(self.scene, Some(self.step), *column, self.record);
        }
        risks
    }

    /// Where the statement fails, because its condition does.
    fn failing_filter(&mut self) -> Option<(Pattern<W>, usize)> {
        let scene = self.scene;
        let effect = scene.plan.steps[self.step].action.effect(scene.catalog);
        let (table, filter) = effect.filter.filter(|_| scene.has(Rule::ExpressionsMayFail))?;
        let seen = computed::seen(scene);
        let scenario = Scenario { seen: &seen, ..computed::scenario(scene, false, &[]) };
        let answer = scene.survey.judge.fails(&scenario, table, filter);
        let outcome = answer.witness().map_or_else(String::new, |witness| format!(": {}", witness.outcome));
        let wrong = wrong(AnomalyKind::FailingStep, None, None, Some(format!("its `where`{outcome}")));
        let condition = ("no row makes its `where` fail".to_owned(), "guard it with a `case … else … end`".to_owned());
        values::weigh((scene, Some(self.step)), &answer, wrong, true, condition, self.record)
    }

    /// Where the statement fails, because a check refuses what it computes.
    fn broken_checks(&mut self, image: &Image<'_, W>) -> Vec<(Pattern<W>, usize)> {
        let scene = self.scene;
        let mut risks = Vec::new();
        if !scene.has(Rule::ChecksSeeValues) {
            return risks;
        }
        for table in &image.stored {
            let Some(schema) = scene.table(*table) else { continue };
            let mut given = image.computed.clone();
            if image.is_inserted(*table) {
                let written: Vec<ColumnId> = given.iter().map(|given| given.column).collect();
                given.extend(values::defaulted(image, schema, &written));
            }
            for constraint in schema.constraints() {
                let ConstraintKind::Check { condition, columns, .. } = &constraint.kind else { continue };
                if !columns.iter().any(|column| given.iter().any(|given| given.column == *column)) {
                    continue;
                }
                let answer = constraints::ask_of_check(image, (&given, None), (schema, constraint), condition);
                let name = constraint.title();
                let what = format!("what this computes satisfies {name}");
                let wrong = wrong(AnomalyKind::FailingStep, None, columns.first().copied(), Some(name));
                let condition =
                    (what, "give the source the same check, or treat its other values with a `case`".to_owned());
                let risk = values::weigh((scene, Some(self.step)), &answer, wrong, true, condition, self.record);
                risks.extend(risk.map(|risk| values::after(image, risk)));
            }
        }
        risks
    }

    /// A row that is treated must satisfy what new writes must: what binds only them binds it as well.
    fn refusals(&mut self, image: &Image<'_, W>) -> Vec<(Pattern<W>, usize)> {
        let scene = self.scene;
        let filled = scene.plan.steps[self.step].action.fills_rows();
        let mut refused = Vec::new();
        for table in &image.stored {
            let Some(schema) = scene.table(*table) else { continue };
            for (column, bits) in scene.columns_of(*table) {
                let inserted = !self.exists[*table];
                let is_target = filled.map_or(inserted, |target| target == column.id);
                if is_not_null(schema, column) && (is_target || column.not_null == NotNull::NewWrites) {
                    let constraint = Some(not_null_name(scene, column.id));
                    let wrong = wrong(AnomalyKind::FailingStep, None, Some(column.id), constraint);
                    refused.push((Pattern::ANY.and(bits.null, true), self.record.wrong(wrong)));
                }
            }
            self.refuse_checks(schema, &mut refused);
        }
        refused
    }

    /// Checks that the plan adds, and those of the column that is filled.
    fn refuse_checks(&mut self, schema: &Table, refused: &mut Vec<(Pattern<W>, usize)>) {
        let scene = self.scene;
        let filled = scene.plan.steps[self.step].action.fills_rows();
        for constraint in schema.constraints() {
            let columns = constraint.kind.columns();
            let is_own = filled.is_some_and(|column| columns == [column]);
            if is_own || added_by(scene.plan, &schema.name, &constraint.name).is_some() {
                let column = columns.first().copied();
                let name = format!("check `{}`", constraint.name);
                let wrong = wrong(AnomalyKind::FailingStep, None, column, Some(name));
                let broken = broken_by_nulls(scene, schema, constraint);
                refused.extend(broken.into_iter().map(|pattern| (pattern, self.record.wrong(wrong.clone()))));
            }
        }
    }

    /// A row that is filled may come to a value that another row has: the same one for all, or one that it still holds.
    fn note_meetings(&mut self, happening: usize) {
        let scene = self.scene;
        let (table, column, value) = match &scene.plan.steps[self.step].action {
            Action::Fill { table, column, value, .. } => (table, column, value),
            Action::Copy { from, to, columns, .. } => return self.note_copies((from, to), columns, happening),
            _ => return,
        };
        let Some(schema) = scene.catalog.table(table) else { return };
        let has =
            |constraint: &&Constraint| constraint.kind.unique_columns().is_some_and(|columns| columns.contains(column));
        for constraint in schema.constraints().filter(has).filter(|_| scene.has(Rule::RowsMeet)) {
            let comes =
                |other: ColumnId| if other == *column { filled_from(scene, other, value, table) } else { Comes::AsIs };
            let met = meeting(scene, schema, constraint, &comes, false);
            self.note_meeting((*column, value), constraint, &met, happening);
        }
    }

    /// Rows that are copied may come to one value where what a unique constraint is about is computed, or left to a
    /// default.
    fn note_copies(&mut self, (from, to): (&Name, &Name), columns: &[(ColumnId, Expression)], happening: usize) {
        let (scene, visited) = (self.scene, self.scene.layout.visited);
        let Some(schema) = scene.catalog.table(to).filter(|_| scene.has(Rule::RowsMeet)) else { return };
        let value_of = |column: ColumnId| columns.iter().find(|(given, _)| *given == column).map(|(_, value)| value);
        let default_of = |column: ColumnId| schema.column_by_id(column).and_then(|column| column.default.as_ref());
        let comes = |column: ColumnId| match (value_of(column), default_of(column)) {
            (Some(value), _) => filled_from(scene, column, value, from),
            (None, Some(default)) if default.is_immutable() && is_value(default) => Comes::Computed,
            // What is drawn anew for each row is taken to differ.
            (None, _) => Comes::Null,
        };
        // A row whose key is there already is not copied again.
        let others = schema.constraints().filter(|one| !matches!(one.kind, ConstraintKind::PrimaryKey(_)));
        for constraint in others {
            let Some(unique) = constraint.kind.unique_columns() else { continue };
            if !matches!(meeting(scene, schema, constraint, &comes, false), Meeting::Free { .. }) {
                continue;
            }
            let name = constraint.title();
            let is_same = unique.iter().all(|column| value_of(*column).is_none_or(|value| value.inputs().is_empty()));
            let what = format!("whether two rows end up with the same value in {name}");
            let undecided = (!is_same).then(|| self.record.undecided(Some(self.step), what));
            let wrong = wrong(AnomalyKind::FailingStep, None, unique.first().copied(), Some(name));
            let wrong = Wrong { undecided, ..wrong };
            let place = (happening, true);
            let met = meetings::collision_of_any_value(scene, unique, visited, place, wrong, self.record);
            self.record.collisions.extend(met);
        }
    }

    fn note_meeting(
        &mut self,
        (column, value): (ColumnId, &Expression),
        constraint: &Constraint,
        met: &Meeting,
        happening: usize,
    ) {
        let (scene, visited) = (self.scene, self.scene.layout.visited);
        let columns = constraint.kind.unique_columns().unwrap_or_default();
        let name = constraint.title();
        let wrong = wrong(AnomalyKind::FailingStep, None, Some(column), Some(name.clone()));
        let place = (happening, true);
        let met = match met {
            Meeting::Never => None,
            Meeting::Behind(_) => meetings::collision(scene, (columns, &[column]), place, wrong, self.record),
            Meeting::Free { .. } => {
                let is_same = columns == [column] && (value.inputs().is_empty() || value.injective_input().is_some());
                let what = format!("whether two rows end up with the same value in {name}");
                let undecided = (!is_same).then(|| self.record.undecided(Some(self.step), what));
                let wrong = Wrong { undecided, ..wrong };
                meetings::collision_of_any_value(scene, columns, visited, place, wrong, self.record)
            }
        };
        self.record.collisions.extend(met);
    }

    /// The row is left as it is, because it does not pass the filter. Where it has passed none of those of the statements
    /// before, and nothing has changed, the last one leaves nothing out.
    fn leave_out(&mut self, guard: Pattern<W>, known: Nullness) {
        let (mut guard, mut code) = (guard, Program::new());
        for (left_out, turn) in self.turns() {
            match turn {
                Turn::First => code.push(Op::assign(left_out, true)),
                Turn::Between => {}
                Turn::Last => guard = guard.and(left_out, false),
            }
        }
        let hangs = self.hangs(known);
        self.pass_by_with(guard, code, hangs);
    }

    /// The statements that the one at hand fills all rows with, by what is kept for them, and its place among them.
    fn turns(&self) -> Vec<(u32, Turn)> {
        let step = self.step;
        let turn = |left: &LeftOutBits| {
            let steps = &left.cover.steps;
            let at = steps.iter().position(|other| *other == step)?;
            let turn = match at {
                0 => Turn::First,
                _ if at + 1 == steps.len() => Turn::Last,
                _ => Turn::Between,
            };
            Some((left.at, turn))
        };
        self.scene.layout.left_out.iter().filter_map(turn).collect()
    }

    /// The row is looked at and left as it is.
    fn pass_by(&mut self, guard: Pattern<W>, undecided: Option<usize>) {
        self.pass_by_with(guard, Program::new(), undecided);
    }

    fn pass_by_with(&mut self, guard: Pattern<W>, mut code: Program<W>, undecided: Option<usize>) {
        code.push(Op::assign(self.scene.layout.visited, true));
        let happening = self.record.happening(ModelEvent::Visit { step: self.step, treats: false });
        self.acts.push(Transition { undecided, ..Transition::new(guard, code, happening) });
    }
}

/// The place of a statement among those that fill all rows between them.
#[derive(Clone, Copy)]
enum Turn {
    First,
    Between,
    Last,
}

/// How a column comes by the value of an expression that reads the row of a table.
fn filled_from(scene: LayerScene<'_>, column: ColumnId, value: &Expression, table: &Name) -> Comes {
    scene.told_apart(column, value, table).map_or(Comes::Computed, Comes::Copied)
}

/// Whether a row may pass a filter.
fn may_pass(known: Nullness) -> bool {
    !matches!(known, Nullness::Null | Nullness::NotNull(Some(false)))
}

/// Something wrong with a step.
pub(super) fn failing<W: Word>(scene: LayerScene<'_>, column: ColumnId, record: &mut Record<W>) -> usize {
    let constraint = Some(not_null_name(scene, column));
    record.wrong(wrong(AnomalyKind::FailingStep, None, Some(column), constraint))
}

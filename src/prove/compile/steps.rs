//! The end of a statement: what it does to a row, where it fails, and how it is undone.

use crate::ast::Name;
use crate::catalog::{Column, ColumnId, Constraint, ConstraintKind, NotNull};
use crate::expr::{Expression, Nullness};
use crate::obligations::{Answer, Scenario};
use crate::plan::{Action, Effect, FactId};
use crate::prove::compile::computed;
use crate::prove::compile::constraints::{self, by_nulls};
use crate::prove::compile::fills::{driving_table, failing};
use crate::prove::compile::known_references;
use crate::prove::compile::meetings;
use crate::prove::compile::old_rows;
use crate::prove::compile::past::is_empty;
use crate::prove::compile::record::{Record, added_by, wrong};
use crate::prove::compile::scene::LayerScene;
use crate::prove::compile::unique::{Meeting, old_meeting};
use crate::prove::compile::values;
use crate::prove::compile::{left_behind, unknown_defaults};
use crate::prove::layout::KeptBits;
use crate::prove::model::{ModelEvent, Transition, Wrong};
use crate::prove::proof::{AnomalyKind, Beside};
use crate::prove::rule::Rule;
use crate::prove::word::{Op, Pattern, Program, Word};

/// What a `verify` makes a premise.
pub(in crate::prove) const VERIFIED: &str =
    "every existing row passes `verify`; otherwise the run stops there and loses nothing";

/// How a step ends, for each way in which rows may be there.
pub(super) fn ends<W: Word>(scene: LayerScene<'_>, step: usize, record: &mut Record<W>) -> Vec<Transition<W>> {
    let action = &scene.plan.steps[step].action;
    let driving = driving_table(scene, action);
    assume(scene, step, record);
    unknown_defaults::require(scene, step, record);
    left_behind::require(scene, step, record);
    let mut ends = Vec::new();
    for (mut guard, exists) in scene.rows() {
        if scene.has(Rule::BackfillVisitsAll) && driving.is_some_and(|table| exists[table]) {
            guard = guard.and(scene.layout.visited, true);
        }
        let mut code = Program::new();
        if let Some((_, column)) = action.effect(scene.catalog).adds_column() {
            add_column((scene, step), column, &exists, &mut code);
        }
        let refused = failures(scene, step, &exists, record);
        let risks = risks(scene, step, &exists, record);
        let stopped = gate(scene, step, &exists);
        let happening = record.happening(ModelEvent::Step(step));
        let avoided = without_rows(scene, action, &exists);
        ends.push(Transition { refused, risks, avoided, stopped, ..Transition::new(guard, code, happening) });
    }
    ends
}

/// A column that is not null and has no default can be added only where there is no row. `check` says so; who allows it
/// knows that there is none.
fn without_rows<W: Word>(scene: LayerScene<'_>, action: &Action, exists: &[bool]) -> Vec<Pattern<W>> {
    let Some((_, column)) = action.effect(scene.catalog).adds_column() else { return Vec::new() };
    let fails = column.not_null != NotNull::No && !scene.has_default(column);
    let bits = scene.bits(column.id).filter(|bits| fails && exists[bits.table]);
    bits.map(|bits| Pattern::ANY.and(bits.null, true)).into_iter().collect()
}

/// Notes what old rows are taken to satisfy when a statement holds them against a constraint.
fn assume<W: Word>(scene: LayerScene<'_>, step: usize, record: &mut Record<W>) {
    let effect = scene.plan.steps[step].action.effect(scene.catalog);
    if let Some((table, condition)) = effect.verifies {
        let answer = scene.survey.judge.is_false(&computed::scenario(scene, false, &[]), table, condition);
        if answer != Answer::Never {
            record.assume(Some(step), VERIFIED.to_owned());
        }
    }
    let Some((table, held)) = held(scene, &effect) else { return };
    let Some(schema) = scene.catalog.table(table) else { return };
    if matches!(held.kind, ConstraintKind::Check { .. }) || is_empty(scene, table, step) {
        return;
    }
    let is_kept = if held.kind.unique_columns().is_some() {
        match old_meeting(scene, schema, held, step) {
            Meeting::Never => true,
            Meeting::Behind(behind) => {
                note_collision(scene, step, (held, &behind), record);
                true
            }
            Meeting::Free { .. } => false,
        }
    } else {
        known_references::old(scene, schema, held, step) != known_references::Old::Unknown
    };
    if is_kept {
        return;
    }
    let (what, discharge) = constraints::old_condition(scene, held);
    match old_rows::answer(scene, schema, held, step) {
        // It fails, which is told.
        Answer::With(_) => {}
        Answer::Asked(_, seen) => values::note_seen(Some(step), &seen, (what, discharge), record),
        Answer::Never | Answer::AtTheEnd(_) | Answer::Open => record.require(Some(step), what, discharge),
    }
}

/// The constraint that a statement holds old rows against, with its table.
fn held<'s>(scene: LayerScene<'s>, effect: &Effect<'s>) -> Option<(&'s Name, &'s Constraint)> {
    let unique = effect.adds_constraint().filter(|(_, constraint)| constraint.kind.unique_columns().is_some());
    unique.or_else(|| Some((effect.validates?.0, validated(scene, effect)?)))
}

/// A row in which a column lags behind may hold what another one has: they cannot both be in a unique index.
fn note_collision<W: Word>(
    scene: LayerScene<'_>,
    step: usize,
    (held, behind): (&Constraint, &[ColumnId]),
    record: &mut Record<W>,
) {
    let columns = held.kind.unique_columns().unwrap_or_default();
    let name = held.title();
    let wrong = wrong(AnomalyKind::FailingStep, None, columns.first().copied(), Some(name));
    let happening = record.happening(ModelEvent::Step(step));
    let met = meetings::collision(scene, (columns, behind), (happening, true), wrong, record);
    record.collisions.extend(met);
}

/// The end of a step that changes nothing for the group.
pub(super) fn passing<W: Word>(step: usize, record: &mut Record<W>) -> Transition<W> {
    let happening = record.happening(ModelEvent::Step(step));
    Transition::new(Pattern::ANY, Program::new(), happening)
}

fn add_column<W: Word>(
    (scene, step): (LayerScene<'_>, usize),
    column: &Column,
    exists: &[bool],
    code: &mut Program<W>,
) {
    let Some(bits) = scene.bits(column.id).filter(|bits| exists[bits.table]) else { return };
    let default = scene.has_default(column);
    code.push(Op::assign(bits.null, !default));
    code.push(Op::assign(bits.unset, !default));
    // Of a row that is missing beside this one there is nothing to know: it reads as null, as the new column does. What
    // comes with a later column, by its default, is not known here either.
    let is_held = |fact: FactId| {
        if !scene.survey.is_known(fact, step) {
            return true;
        }
        let mut others = scene.columns().filter(|(other, place)| other.id != column.id && exists[place.table]);
        default || others.any(|(_, place)| place.stale_for(fact).is_some())
    };
    for (fact, at) in &bits.stale {
        code.push(Op::assign(*at, scene.is_carried(column.id) && is_held(*fact)));
    }
}

/// Where a step cannot succeed.
fn failures<W: Word>(
    scene: LayerScene<'_>,
    step: usize,
    exists: &[bool],
    record: &mut Record<W>,
) -> Vec<(Pattern<W>, usize)> {
    let effect = scene.plan.steps[step].action.effect(scene.catalog);
    let is_there = |table: &Name| scene.place(table).is_some_and(|table| exists[table]);
    let mut failures = Vec::new();
    if let Some((column, NotNull::Validated | NotNull::Yes)) = effect.not_null
        && let Some(bits) = scene.bits(column).filter(|bits| exists[bits.table])
    {
        failures.push((Pattern::ANY.and(bits.null, true), failing(scene, column, record)));
    }
    if let Some((table, name)) = effect.validates.filter(|(table, _)| is_there(table))
        && let Some(ConstraintKind::Check { condition, .. }) = validated(scene, &effect).map(|found| &found.kind)
    {
        failures.extend(failing_check(scene, name, condition, table, record));
    }
    if let Some((table, held)) = effect.validates.map(|(table, _)| table).zip(validated(scene, &effect))
        && is_there(table)
    {
        failures.extend(behind(scene, table, held, step, record));
    }
    if let Some((table, constraint)) = effect.adds_constraint().filter(|_| scene.has(Rule::RowsMeet)) {
        failures.extend(defaulted(scene, table, constraint, exists, record));
    }
    if let Some((table, column)) = effect.adds_column().filter(|_| scene.has(Rule::RowsMeet))
        && is_there(table)
        && scene.has_default(column)
    {
        let mut added = effect.adds_constraints.iter().map(|(_, constraint)| *constraint);
        let unique = added.find(|added| added.kind.unique_columns() == Some(&[column.id]));
        failures.extend(unique.map(|unique| (Pattern::ANY, same_for_all(column.id, unique, record))));
    }
    failures
}

/// Where a step fails for some values: a row breaks a check that it is compared with, or makes a `verify` fail.
fn risks<W: Word>(
    scene: LayerScene<'_>,
    step: usize,
    exists: &[bool],
    record: &mut Record<W>,
) -> Vec<(Pattern<W>, usize)> {
    let effect = scene.plan.steps[step].action.effect(scene.catalog);
    let is_there = |table: &Name| scene.place(table).is_some_and(|table| exists[table]);
    let mut risks = Vec::new();
    if let Some((table, constraint)) = effect.validates.map(|(table, _)| table).zip(validated(scene, &effect))
        && let ConstraintKind::Check { condition, columns, .. } = &constraint.kind
        && (columns.is_empty() || columns.iter().any(|column| scene.bits(*column).is_some()))
        && let Some(schema) = scene.catalog.table(table).filter(|_| is_there(table) && !is_empty(scene, table, step))
    {
        let added = added_by(scene.plan, table, &constraint.name).unwrap_or(step);
        let name = constraint.title();
        let wrong = wrong(AnomalyKind::FailingStep, None, columns.first().copied(), Some(name));
        let seen = computed::seen(scene);
        for answer in constraints::old_answers(scene, (schema, constraint), condition, added, &seen) {
            let condition = constraints::old_condition(scene, constraint);
            risks.extend(values::weigh((scene, Some(step)), &answer, wrong.clone(), false, condition, record));
        }
    }
    if let Some((table, held)) = held(scene, &effect).filter(|(table, _)| is_there(table))
        && let Some(schema) = scene.catalog.table(table)
    {
        let answer = old_rows::answer(scene, schema, held, step);
        if let Answer::With(witness) = &answer {
            let name = format!("{} `{}`", held.kind.noun(), held.name);
            let wrong = wrong(AnomalyKind::FailingStep, None, held.kind.columns().first().copied(), Some(name));
            let witness = Some(record.witness(witness));
            risks.push((values::pattern_of(scene, &answer), record.wrong(Wrong { witness, ..wrong })));
        }
    }
    if let Some((table, constraint)) = effect.adds_constraint().filter(|(table, _)| is_there(table)) {
        risks.extend(failing_filter(scene, step, (table, constraint), record));
    }
    if let Some((table, column)) = effect.adds_column().filter(|(table, _)| is_there(table))
        && !is_empty(scene, table, step)
    {
        risks.extend(default_without_row(scene, (step, &effect), column, record));
    }
    if let Some((table, condition)) = effect.verifies.filter(|(table, _)| is_there(table)) {
        let seen = computed::seen(scene);
        let scenario = Scenario { seen: &seen, ..computed::scenario(scene, false, &[]) };
        let answer = scene.survey.judge.fails(&scenario, table, condition);
        let outcome = answer.witness().map_or_else(String::new, |witness| format!(": {}", witness.outcome));
        let wrong = wrong(AnomalyKind::FailingStep, None, None, Some(format!("the expression of `verify`{outcome}")));
        let what = "no row makes the expression of `verify` fail".to_owned();
        let discharge = "guard it with a `case … else … end`".to_owned();
        risks.extend(values::weigh((scene, Some(step)), &answer, wrong, true, (what, discharge), record));
    }
    risks
}

/// Where an index cannot be built, because its `where` fails for a row that is there.
fn failing_filter<W: Word>(
    scene: LayerScene<'_>,
    step: usize,
    (table, constraint): (&Name, &Constraint),
    record: &mut Record<W>,
) -> Vec<(Pattern<W>, usize)> {
    let ConstraintKind::Index { filter: Some(filter), .. } = &constraint.kind else { return Vec::new() };
    let Some(schema) = scene.catalog.table(table).filter(|_| !is_empty(scene, table, step)) else { return Vec::new() };
    if !scene.has(Rule::ExpressionsMayFail) {
        return Vec::new();
    }
    let columns: Vec<ColumnId> = scene.catalog.inputs(table, filter).collect();
    if columns.iter().all(|column| scene.bits(*column).is_none()) {
        return Vec::new();
    }
    let mut risks = Vec::new();
    for way in computed::ways(scene, schema, &columns, step) {
        let computed = computed::as_computed(&way);
        let seen = computed::seen(scene);
        let scenario = Scenario { seen: &seen, ..computed::scenario(scene, false, &computed) };
        let answer = scene.survey.judge.fails(&scenario, table, filter);
        let outcome = answer.witness().map_or_else(String::new, |witness| format!(": {}", witness.outcome));
        let refused = format!("the `where` of {}{outcome}", constraint.title());
        let wrong = wrong(AnomalyKind::FailingStep, None, columns.first().copied(), Some(refused));
        let what = format!("no row makes the `where` of {} fail", constraint.title());
        let condition = (what, "guard it with a `case`".to_owned());
        risks.extend(values::weigh((scene, Some(step)), &answer, wrong, true, condition, record));
    }
    risks
}

/// Where a column is added that refers to another table by its default, which all rows get, and the row may not be there.
fn default_without_row<W: Word>(
    scene: LayerScene<'_>,
    (step, effect): (usize, &Effect<'_>),
    column: &Column,
    record: &mut Record<W>,
) -> Option<(Pattern<W>, usize)> {
    let of_it = |constraint: &&&Constraint| constraint.kind.columns() == [column.id];
    let mut keys = effect.adds_constraints.iter().map(|(_, constraint)| constraint).filter(of_it);
    let (constraint, table, referenced) = keys.find_map(|constraint| match &constraint.kind {
        ConstraintKind::ForeignKey { table, referenced, .. } => Some((constraint, table, *referenced)),
        _ => None,
    })?;
    let default = column.default.as_ref().filter(|_| scene.has(Rule::DefaultsAreHeld))?;
    let value = default.eval(&[], 0).ok().filter(|value| !value.is_null())?;
    scene.bits(column.id)?;
    let name = scene.survey.name(column.id);
    let wrong = wrong(AnomalyKind::FailingStep, None, Some(column.id), Some(constraint.title()));
    let answer = values::missing_row(scene, table, referenced, &value, &name);
    let what = format!("`{table}` has a row for {}, the default of `{name}`", value.literal());
    let discharge = "drop the default, or insert that row before".to_owned();
    values::weigh((scene, Some(step)), &answer, wrong, true, (what, discharge), record)
}

/// The constraint, known by its name, that old rows are compared with.
fn validated<'s>(scene: LayerScene<'s>, effect: &Effect<'_>) -> Option<&'s Constraint> {
    let (table, name) = effect.validates?;
    scene.catalog.table(table)?.constraint(name)
}

/// Two rows have one value in a column that must be unique.
fn same_for_all<W: Word>(column: ColumnId, constraint: &Constraint, record: &mut Record<W>) -> usize {
    let name = constraint.title();
    let wrong = wrong(AnomalyKind::FailingStep, None, Some(column), Some(name));
    record.wrong(Wrong { other_row: true, beside: Some(Beside::ComesToThem), ..wrong })
}

/// Where a column that the plan has added with a default becomes unique, and nothing has filled it since.
fn defaulted<W: Word>(
    scene: LayerScene<'_>,
    table: &str,
    constraint: &Constraint,
    exists: &[bool],
    record: &mut Record<W>,
) -> Vec<(Pattern<W>, usize)> {
    let Some([column]) = constraint.kind.unique_columns() else { return Vec::new() };
    let known = scene.catalog.table(table).and_then(|table| table.column_by_id(*column));
    let Some(bits) = scene.bits(*column).filter(|bits| exists[bits.table]) else { return Vec::new() };
    let is_filled = scene.plan.steps.iter().any(|step| step.action.fills_rows() == Some(*column));
    let same = known.is_some_and(|known| scene.has_default(known)) && !scene.survey.is_at_start(*column) && !is_filled;
    if !same {
        return Vec::new();
    }
    vec![(Pattern::ANY.and(bits.null, false), same_for_all(*column, constraint, record))]
}

/// Where a copy lags behind, and may refer to a row that is gone.
fn behind<W: Word>(
    scene: LayerScene<'_>,
    table: &Name,
    held: &Constraint,
    step: usize,
    record: &mut Record<W>,
) -> Vec<(Pattern<W>, usize)> {
    let ConstraintKind::ForeignKey { column, table: to, .. } = &held.kind else { return Vec::new() };
    let known = scene.catalog.table(table).zip(scene.bits(*column));
    let Some((schema, bits)) = known.filter(|_| !is_empty(scene, table, step)) else { return Vec::new() };
    if known_references::old(scene, schema, held, step) != known_references::Old::FitUnlessBehind {
        return Vec::new();
    }
    let name = held.title();
    let undecided = record.undecided(Some(step), format!("whether `{to}` still has the row that it refers to"));
    let wrong = wrong(AnomalyKind::FailingStep, None, Some(*column), Some(name));
    let beside = Some(Beside::Missing(to.clone()));
    let wrong = record.wrong(Wrong { undecided: Some(undecided), beside, ..wrong });
    let value = Pattern::ANY.and(bits.null, false);
    bits.stale.iter().map(|(_, at)| (value.and(*at, true), wrong)).collect()
}

/// Where rows that are there fail a check.
fn failing_check<W: Word>(
    scene: LayerScene<'_>,
    name: &str,
    condition: &Expression,
    table: &str,
    record: &mut Record<W>,
) -> Vec<(Pattern<W>, usize)> {
    let column = scene.catalog.inputs(table, condition).next();
    let fails = |known: Nullness| known == Nullness::NotNull(Some(false));
    let patterns = by_nulls(scene, condition, table).into_iter().filter(|(_, known)| fails(*known));
    let wrong = wrong(AnomalyKind::FailingStep, None, column, Some(format!("check `{name}`")));
    patterns.map(|(pattern, _)| (pattern, record.wrong(wrong.clone()))).collect()
}

/// Where `verify` stops the run. That is what it is there for: nothing is lost, and a plan is proved for the rows that
/// pass.
fn gate<W: Word>(scene: LayerScene<'_>, step: usize, exists: &[bool]) -> Vec<Pattern<W>> {
    let Some((table, condition)) = scene.plan.steps[step].action.effect(scene.catalog).verifies else {
        return Vec::new();
    };
    if !scene.place(table).is_some_and(|table| exists[table]) {
        return Vec::new();
    }
    let fails = |known: Nullness| matches!(known, Nullness::Null | Nullness::NotNull(Some(false)));
    let patterns = by_nulls(scene, condition, table).into_iter().filter(|(_, known)| fails(*known));
    patterns.map(|(pattern, _)| pattern).collect()
}

/// What undoing a step does to a state. What a fill has filled in a column that the plan adds goes with it; for others see
/// [`restore`].
pub(super) fn undo<W: Word>(scene: LayerScene<'_>, step: usize, record: &mut Record<W>) -> Vec<Transition<W>> {
    let mut code = Program::new();
    let effect = scene.plan.steps[step].action.effect(scene.catalog);
    if let Some((_, column)) = effect.adds_column() {
        code.push(Op::Put(!W::ZERO, scene.layout.column(column.id)));
    }
    if let Some(table) = effect.adds_table.and_then(|table| scene.place(&table.name)) {
        code.push(Op::assign(scene.layout.tables[table].exists, false));
        code.push(Op::assign(scene.layout.tables[table].gone, false));
        code.push(Op::Put(!W::ZERO, scene.layout.columns_of(table)));
    }
    code.push(Op::assign(scene.layout.visited, true));
    let happening = record.happening(ModelEvent::Undo(step));
    vec![Transition::new(Pattern::ANY, code, happening)]
}

/// How the old values of a column that was there before the plan come back, where these steps have filled it and no
/// application has written it since; the step that has not ended comes first.
pub(super) fn restore<W: Word>(
    scene: LayerScene<'_>,
    steps: impl Iterator<Item = usize>,
) -> Vec<(Pattern<W>, Program<W>)> {
    let kept = steps.filter_map(|step| scene.layout.kept.get(&step));
    let restoring = |kept: &KeptBits| {
        let bits = scene.bits(kept.column)?;
        let mut code = Program::new();
        kept.before.all().zip(bits.all()).for_each(|(from, to)| code.push(Op::All(W::bit(from), to)));
        code.push(Op::Put(!W::bits(kept.all()), W::ZERO));
        Some((Pattern::ANY.and(kept.held, true), code))
    };
    kept.filter_map(restoring).collect()
}

/// Sets the mark of a visit as it is when a layer begins whose step processes the rows of a table.
pub(super) fn unvisited<W: Word>(scene: LayerScene<'_>, step: Option<usize>) -> Program<W> {
    let driving = step.and_then(|step| driving_table(scene, &scene.plan.steps[step].action));
    let mut code = Program::new();
    code.push(match driving {
        Some(table) => Op::Look([scene.layout.tables[table].exists].into(), 0b01, scene.layout.visited),
        None => Op::assign(scene.layout.visited, true),
    });
    code
}

/// The columns of a step's action, for those who look for the steps of a group.
pub(super) fn columns_of(effect: &Effect<'_>) -> Vec<ColumnId> {
    let added = effect.adds.iter().map(|(_, column)| column.id);
    effect.names.iter().chain(&effect.frees).copied().chain(added).collect()
}

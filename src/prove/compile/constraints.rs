//! Which writes the tables refuse, and which applications could not know that.

use crate::ast::Name;
use crate::catalog::{Catalog, Column, ColumnId, Constraint, ConstraintKind, NotNull, Table};
use crate::expr::{Expression, Nullness};
use crate::obligations::{Answer, Scenario};
use crate::prove::compile::computed::{self, Given};
use crate::prove::compile::image::Image;
use crate::prove::compile::known_references;
use crate::prove::compile::past::is_empty;
use crate::prove::compile::record::{Record, added_by, wrong};
use crate::prove::compile::scene::LayerScene;
use crate::prove::compile::unique::Meeting;
use crate::prove::compile::values;
use crate::prove::model::Wrong;
use crate::prove::proof::{AnomalyKind, Beside};
use crate::prove::rule::Rule;
use crate::prove::survey::{MOST_INPUTS, in_key, inputs};
use crate::prove::word::{Pattern, Word};

/// Whether no write may leave a column null.
pub(super) fn is_not_null(table: &Table, column: &Column) -> bool {
    column.not_null != NotNull::No || in_key(table, column.id)
}

/// `` `not null` of `users.username` ``.
pub(super) fn not_null_name(scene: LayerScene<'_>, column: ColumnId) -> String {
    format!("`not null` of `{}`", scene.survey.name(column))
}

/// The tables of the group that the row of a table must refer to.
pub(super) fn partners(scene: LayerScene<'_>, table: usize) -> impl Iterator<Item = usize> {
    let keys = scene.table(table).into_iter().flat_map(Table::foreign_keys);
    keys.filter_map(move |key| match &key.kind {
        ConstraintKind::ForeignKey { column, table: to, .. } if scene.survey.is_pairing_key(*column) => {
            scene.place(to).filter(|parent| *parent != table)
        }
        _ => None,
    })
}

/// Where a write of an application is refused, though the application does not know why. `written` are the columns of
/// the group that it gives values itself.
pub(super) fn refusals<W: Word>(
    scene: LayerScene<'_>,
    (app, happening): (usize, usize),
    image: &Image<'_, W>,
    written: &[ColumnId],
    record: &mut Record<W>,
) -> Vec<(Pattern<W>, usize)> {
    let mut refused = Vec::new();
    for table in &image.stored {
        let Some(schema) = scene.table(*table) else { continue };
        refuse_nulls(scene, app, image, (*table, schema), record, &mut refused);
        for parent in partners(scene, *table).filter(|parent| !image.exists[*parent]) {
            let constraint = Some(format!("foreign key to `{}`", scene.group.tables[parent]));
            let wrong = wrong(AnomalyKind::RejectedWrite, Some(app), None, constraint);
            refused.push((Pattern::ANY, record.wrong(wrong)));
        }
        for constraint in schema.constraints() {
            let write = Write { scene, app, happening, schema, constraint, written, synced: image.synced() };
            write.judge(record, &mut refused);
        }
    }
    refused
}

/// Where a write may be refused, with some values, though the application does not know why.
pub(super) fn risks<W: Word>(
    scene: LayerScene<'_>,
    app: usize,
    image: &Image<'_, W>,
    written: &[ColumnId],
    record: &mut Record<W>,
) -> Vec<(Pattern<W>, usize)> {
    let mut risks = Vec::new();
    for table in &image.stored {
        let Some(schema) = scene.table(*table) else { continue };
        let inserted = image.is_inserted(*table);
        for constraint in schema.constraints() {
            let write = Write { scene, app, happening: 0, schema, constraint, written, synced: image.synced() };
            write.weigh(image, inserted, record, &mut risks);
        }
    }
    risks
}

/// Where a write is refused that leaves the values as they are: the row breaks what holds of every row that is written.
pub(super) fn held<W: Word>(
    scene: LayerScene<'_>,
    app: usize,
    image: &Image<'_, W>,
    record: &mut Record<W>,
) -> Vec<(Pattern<W>, usize)> {
    let mut refused = Vec::new();
    for table in &image.stored {
        let Some(schema) = scene.table(*table) else { continue };
        refuse_nulls(scene, app, image, (*table, schema), record, &mut refused);
        for constraint in schema.constraints() {
            let write = Write { scene, app, happening: 0, schema, constraint, written: &[], synced: Vec::new() };
            write.judge(record, &mut refused);
        }
    }
    refused
}

/// Where an application does without a write, because a check that it knows refuses what it would give.
pub(super) fn avoided<W: Word>(
    scene: LayerScene<'_>,
    app: usize,
    image: &Image<'_, W>,
    written: &[ColumnId],
) -> Vec<Pattern<W>> {
    let mut avoided = Vec::new();
    for schema in image.stored.iter().filter_map(|table| scene.table(*table)) {
        for constraint in schema.constraints() {
            let write = Write { scene, app, happening: 0, schema, constraint, written, synced: image.synced() };
            let columns = constraint.kind.columns();
            if write.concerns(columns) && write.is_known(columns) {
                avoided.extend(broken_by_nulls(scene, schema, constraint));
            }
        }
    }
    avoided
}

/// Where nulls alone make a check false; nowhere where it is about no column of the group.
pub(super) fn broken_by_nulls<W: Word>(
    scene: LayerScene<'_>,
    schema: &Table,
    constraint: &Constraint,
) -> Vec<Pattern<W>> {
    let ConstraintKind::Check { condition, columns, .. } = &constraint.kind else { return Vec::new() };
    if columns.iter().all(|column| scene.bits(*column).is_none()) {
        return Vec::new();
    }
    let patterns = by_nulls(scene, condition, &schema.name).into_iter();
    patterns.filter(|(_, known)| *known == Nullness::NotNull(Some(false))).map(|(pattern, _)| pattern).collect()
}

/// Where nulls alone make a check false that all rows satisfy.
pub(super) fn broken_at_start<W: Word>(scene: LayerScene<'_>) -> Vec<Pattern<W>> {
    let mut broken = Vec::new();
    for (place, schema) in (0..scene.group.tables.len()).filter_map(|table| Some((table, scene.table(table)?))) {
        let exists = scene.layout.tables[place].exists;
        let valid = schema.constraints().filter(|constraint| is_validated(constraint));
        let patterns = valid.flat_map(|constraint| broken_by_nulls(scene, schema, constraint));
        broken.extend(patterns.map(|pattern: Pattern<W>| pattern.and(exists, true)));
    }
    broken
}

fn refuse_nulls<W: Word>(
    scene: LayerScene<'_>,
    app: usize,
    image: &Image<'_, W>,
    (table, schema): (usize, &Table),
    record: &mut Record<W>,
    refused: &mut Vec<(Pattern<W>, usize)>,
) {
    for (column, bits) in scene.columns_of(table).filter(|(column, _)| is_not_null(schema, column)) {
        let null = Pattern::ANY.and(bits.null, true);
        if null.meet(image.after).is_none() {
            continue;
        }
        let constraint = Some(not_null_name(scene, column.id));
        let wrong = wrong(AnomalyKind::RejectedWrite, Some(app), Some(column.id), constraint);
        refused.push((null, record.wrong(wrong)));
    }
}

/// A write, compared with one constraint on values.
pub(super) struct Write<'a> {
    pub(super) scene: LayerScene<'a>,
    pub(super) app: usize,
    pub(super) happening: usize,
    pub(super) schema: &'a Table,
    pub(super) constraint: &'a Constraint,
    pub(super) written: &'a [ColumnId],
    /// Columns that followed by sync, each with the column whose different values give it different ones.
    pub(super) synced: Vec<(ColumnId, Option<ColumnId>)>,
}

impl Write<'_> {
    fn judge<W: Word>(&self, record: &mut Record<W>, refused: &mut Vec<(Pattern<W>, usize)>) {
        let columns = self.constraint.kind.columns();
        let is_of_group = columns.iter().any(|column| self.scene.bits(*column).is_some());
        if !is_of_group || !self.is_about_values() {
            return;
        }
        if !self.concerns(columns) {
            return self.hold(record, refused);
        }
        let met = self.meeting();
        if met == Some(Meeting::Never) {
            return;
        }
        if self.is_known(columns) {
            return self.assume(record);
        }
        match &self.constraint.kind {
            ConstraintKind::Check { condition, columns, .. } => self.judge_check(condition, columns, record, refused),
            ConstraintKind::Unique(columns) | ConstraintKind::Index { columns, unique: true, .. } => {
                self.judge_unique(columns, met, record, refused);
            }
            ConstraintKind::ForeignKey { column, table, referenced, .. } => {
                self.judge_reference(*column, (table, *referenced), record, refused);
            }
            ConstraintKind::PrimaryKey(_) | ConstraintKind::Index { .. } => {}
        }
    }

    /// A check that the plan adds binds rows that it was never compared with, whatever a write gives a value. Of its
    /// condition only nulls are known to break it.
    fn hold<W: Word>(&self, record: &mut Record<W>, refused: &mut Vec<(Pattern<W>, usize)>) {
        if self.step().is_none() {
            return;
        }
        for pattern in broken_by_nulls(self.scene, self.schema, self.constraint) {
            self.refuse(pattern, self.constraint.kind.columns().first().copied(), (None, None), record, refused);
        }
    }

    /// Whether which values are written decides.
    fn is_about_values(&self) -> bool {
        match &self.constraint.kind {
            ConstraintKind::Check { .. } | ConstraintKind::Unique(_) | ConstraintKind::Index { unique: true, .. } => {
                true
            }
            ConstraintKind::ForeignKey { column, .. } => !self.scene.survey.is_pairing_key(*column),
            ConstraintKind::PrimaryKey(_) | ConstraintKind::Index { .. } => false,
        }
    }

    /// The application gives these columns values itself, none of them follows by sync, and it knows the constraint.
    pub(super) fn is_known(&self, columns: &[ColumnId]) -> bool {
        let synced = columns.iter().any(|column| self.synced.iter().any(|(target, _)| target == column));
        !synced && (self.scene.survey.is_deployed(self.app) || self.step().is_none())
    }

    /// Whether it gives one of these columns a value; what follows by sync in another group is looked at there.
    pub(super) fn concerns(&self, columns: &[ColumnId]) -> bool {
        let synced = |column: &ColumnId| {
            self.scene.bits(*column).is_some() && self.synced.iter().any(|(target, _)| target == column)
        };
        columns.iter().any(|column| self.written.contains(column) || synced(column))
    }

    pub(super) fn step(&self) -> Option<usize> {
        added_by(self.scene.plan, &self.schema.name, &self.constraint.name)
    }

    /// What an application that knows the constraint is taken to keep to.
    fn assume<W: Word>(&self, record: &mut Record<W>) {
        let adds = self
            .step()
            .filter(|step| self.scene.plan.steps[*step].action.effect(self.scene.catalog).adds_constraint().is_some());
        if let Some(step) = adds {
            let app = &self.scene.plan.apps[self.app].name;
            record.assume(Some(step), format!("`{app}` writes nothing that {} refuses", self.name()));
        }
    }

    pub(super) fn name(&self) -> String {
        self.constraint.title()
    }

    pub(super) fn refuse<W: Word>(
        &self,
        pattern: Pattern<W>,
        column: Option<ColumnId>,
        (hangs_on, beside): (Option<String>, Option<Beside>),
        record: &mut Record<W>,
        refused: &mut Vec<(Pattern<W>, usize)>,
    ) {
        let undecided = hangs_on.map(|what| record.undecided(self.step(), what));
        let wrong = wrong(AnomalyKind::RejectedWrite, Some(self.app), column, Some(self.name()));
        refused.push((pattern, record.wrong(Wrong { undecided, beside, ..wrong })));
    }

    fn judge_check<W: Word>(
        &self,
        condition: &Expression,
        columns: &[ColumnId],
        record: &mut Record<W>,
        refused: &mut Vec<(Pattern<W>, usize)>,
    ) {
        let column = columns.first().copied();
        for (pattern, known) in by_nulls(self.scene, condition, &self.schema.name) {
            if known == Nullness::NotNull(Some(false)) {
                self.refuse(pattern, column, (None, None), record, refused);
            }
        }
    }

    /// A check, held against the values that a write gives.
    fn weigh<W: Word>(
        &self,
        image: &Image<'_, W>,
        inserted: bool,
        record: &mut Record<W>,
        risks: &mut Vec<(Pattern<W>, usize)>,
    ) {
        let ConstraintKind::Check { condition, columns, .. } = &self.constraint.kind else {
            risks.extend(self.same_default(image, inserted, record));
            risks.extend(self.weigh_filter(image, inserted, record));
            return self.weigh_reference(image, inserted, record, risks);
        };
        let scene = self.scene;
        if !scene.has(Rule::ChecksSeeValues) {
            return;
        }
        if !self.is_looked_at_here(columns) {
            // Whatever a write changes of a row, all of it is held against the check.
            if !inserted && !columns.is_empty() {
                self.weigh_old(condition, columns, record, risks);
            }
            return;
        }
        let defaulted = if inserted && scene.has(Rule::DefaultsAreHeld) {
            values::defaulted(image, self.schema, self.written)
        } else {
            Vec::new()
        };
        let takes_default = |column: &ColumnId| defaulted.iter().any(|given| given.column == *column);
        let is_new = |column: &ColumnId| takes_default(column) && self.has_new_default(*column);
        if inserted && columns.iter().all(takes_default) {
            if self.step().is_none() && !columns.iter().any(is_new) && !scene.survey.is_deployed(self.app) {
                return;
            }
        } else if !inserted && !columns.is_empty() && !self.concerns(columns) {
            return self.weigh_old(condition, columns, record, risks);
        } else if self.is_known(columns) {
            return;
        }
        let mut given = image.computed.clone();
        given.extend(defaulted);
        // A version to come is there to write what older ones could not.
        let kept = (!scene.survey.is_deployed(self.app)).then_some((&scene.plan.start, self.written));
        let answer = ask_of_check(image, (&given, kept), (self.schema, self.constraint), condition);
        let wrong = wrong(AnomalyKind::RejectedWrite, Some(self.app), columns.first().copied(), Some(self.name()));
        let app = &scene.plan.apps[self.app].name;
        let what = format!("`{app}` writes nothing that {} refuses", self.name());
        let discharge = "add the constraint once no version is live that does not know of it".to_owned();
        let risk = values::weigh((scene, self.step()), &answer, wrong, true, (what, discharge), record);
        risks.extend(risk.map(|risk| values::after(image, risk)));
    }

    /// A foreign key, held against the default that an insert leaves in its column.
    fn weigh_reference<W: Word>(
        &self,
        image: &Image<'_, W>,
        inserted: bool,
        record: &mut Record<W>,
        risks: &mut Vec<(Pattern<W>, usize)>,
    ) {
        let ConstraintKind::ForeignKey { column, table, referenced, .. } = &self.constraint.kind else { return };
        let is_new = self.step().is_some() || self.has_new_default(*column);
        if !inserted || !is_new || !self.scene.has(Rule::DefaultsAreHeld) || self.scene.bits(*column).is_none() {
            return;
        }
        let defaulted = values::defaulted(image, self.schema, self.written);
        let Some(given) = defaulted.iter().find(|given| given.column == *column) else { return };
        let value = given.value.eval(&[], 0).ok().filter(|value| !value.is_null());
        let Some(value) = value else { return };
        let name = self.scene.survey.name(*column);
        let wrong = wrong(AnomalyKind::RejectedWrite, Some(self.app), Some(*column), Some(self.name()));
        let answer = values::missing_row(self.scene, table, *referenced, &value, &name);
        let what = format!("`{table}` has a row for {}, the default of `{name}`", value.literal());
        let discharge = "drop the default, or insert that row before".to_owned();
        risks.extend(values::weigh((self.scene, self.step()), &answer, wrong, true, (what, discharge), record));
    }

    /// A check that the plan adds binds a row that it was never compared with, whatever a write gives a value.
    fn weigh_old<W: Word>(
        &self,
        condition: &Expression,
        columns: &[ColumnId],
        record: &mut Record<W>,
        risks: &mut Vec<(Pattern<W>, usize)>,
    ) {
        let step = self.step().filter(|_| !is_validated(self.constraint));
        let Some(step) = step.filter(|step| !is_empty(self.scene, &self.schema.name, *step)) else { return };
        let wrong = wrong(AnomalyKind::RejectedWrite, Some(self.app), columns.first().copied(), Some(self.name()));
        for answer in old_answers(self.scene, (self.schema, self.constraint), condition, step, &[]) {
            let condition = old_condition(self.scene, self.constraint);
            risks.extend(values::weigh((self.scene, Some(step)), &answer, wrong.clone(), false, condition, record));
        }
    }

    /// Whether a check is looked at in this group: it is of one of its columns, or of none and the table's first column
    /// is.
    pub(super) fn is_looked_at_here(&self, columns: &[ColumnId]) -> bool {
        let is_own = |column: &ColumnId| self.scene.bits(*column).is_some();
        if columns.is_empty() {
            return self.schema.columns().next().is_some_and(|column| is_own(&column.id));
        }
        columns.iter().any(is_own)
    }

    /// Whether a column has a default that it did not have at the start.
    pub(super) fn has_new_default(&self, column: ColumnId) -> bool {
        let now = self.schema.column_by_id(column).and_then(|column| column.default.as_ref());
        let start = self.scene.plan.start.table(&self.schema.name).and_then(|table| table.column_by_id(column));
        start.is_none_or(|start| start.default.as_ref() != now)
    }

    fn judge_reference<W: Word>(
        &self,
        column: ColumnId,
        (to, referenced): (&Name, ColumnId),
        record: &mut Record<W>,
        refused: &mut Vec<(Pattern<W>, usize)>,
    ) {
        let is_synced = self.synced.iter().any(|(target, _)| *target == column);
        let is_asked_for = if is_synced {
            known_references::is_copied(self.scene, column, (to, referenced))
        } else {
            known_references::was_asked_for(self.scene, column, (to, referenced))
        };
        if is_asked_for {
            return;
        }
        let what = format!("whether `{to}` has the row that {} asks for", self.name());
        let pattern = self.scene.bits(column).map_or(Pattern::ANY, |bits| Pattern::ANY.and(bits.null, false));
        self.refuse(pattern, Some(column), (Some(what), Some(Beside::Missing(to.clone()))), record, refused);
    }
}

/// Whether a row that is about to be stored breaks a check, where these columns are computed.
pub(super) fn ask_of_check<W: Word>(
    image: &Image<'_, W>,
    (given, kept): (&[Given], Option<(&Catalog, &[ColumnId])>),
    (schema, constraint): (&Table, &Constraint),
    condition: &Expression,
) -> Answer {
    let computed = computed::as_computed(given);
    image.ask(|scenario, judge| {
        let scenario = Scenario { computed: &computed, except: Some(&constraint.name), kept, ..*scenario };
        judge.breaks(&scenario, &schema.name, condition)
    })
}

/// Whether old rows satisfy a check, in each way in which they may have come by their values before a step, if all of them
/// were `seen` to satisfy something.
pub(super) fn old_answers(
    scene: LayerScene<'_>,
    (schema, constraint): (&Table, &Constraint),
    condition: &Expression,
    step: usize,
    seen: &[(&str, &Expression, &[ColumnId])],
) -> Vec<Answer> {
    let ways = computed::ways(scene, schema, constraint.kind.columns(), step);
    let answer = |way: &Vec<Given>| {
        let computed = computed::as_computed(way);
        let scenario = computed::scenario(scene, false, &computed);
        let scenario = Scenario { except: Some(&constraint.name), seen, ..scenario };
        scene.survey.judge.breaks(&scenario, &schema.name, condition)
    };
    ways.iter().map(answer).collect()
}

/// What must hold of the rows that were there before a constraint, and what would discharge it.
pub(super) fn old_condition(scene: LayerScene<'_>, constraint: &Constraint) -> (String, String) {
    let what = format!("every row that was there before satisfies {}", constraint.title());
    // What the plan computes before, or a version writes into a column that is new, no database has yet.
    let discharge = if scene.plan.samples.has_database() {
        "look at the rows when the run gets there, with a `verify` before this"
    } else {
        "look at the rows with `check --db`"
    };
    (what, discharge.to_owned())
}

fn is_validated(constraint: &Constraint) -> bool {
    matches!(
        constraint.kind,
        ConstraintKind::Check { validated: true, .. } | ConstraintKind::ForeignKey { validated: true, .. }
    )
}

/// What is known of a condition for each pattern of nulls among the columns that it reads.
pub(super) fn by_nulls<W: Word>(
    scene: LayerScene<'_>,
    condition: &Expression,
    table: &str,
) -> Vec<(Pattern<W>, Nullness)> {
    by_nulls_with(scene, condition, table, &|null| condition.known(null))
}

/// What is known of a condition when it is known which of its inputs are null.
type KnownBy<'a> = &'a dyn Fn(&dyn Fn(usize) -> bool) -> Nullness;

/// The same, where `known` says what is known.
pub(super) fn by_nulls_with<W: Word>(
    scene: LayerScene<'_>,
    condition: &Expression,
    table: &str,
    known: KnownBy<'_>,
) -> Vec<(Pattern<W>, Nullness)> {
    let columns = inputs(scene.catalog, table, condition);
    let bits: Vec<_> = columns.iter().map(|column| scene.bits(*column)).collect();
    let tracked: Vec<usize> = (0..bits.len()).filter(|at| bits[*at].is_some()).collect();
    if tracked.len() > MOST_INPUTS || columns.len() != condition.inputs().len() || tracked.len() < bits.len() {
        return vec![(Pattern::ANY, Nullness::Unknown)];
    }
    let pattern_of = |nulls: u32| {
        let columns = tracked.iter().filter_map(|at| bits[*at]).enumerate();
        columns.fold(Pattern::ANY, |pattern, (at, bits)| pattern.and(bits.null, nulls >> at & 1 == 1))
    };
    let all = 0..1_u32 << tracked.len();
    all.map(|nulls| (pattern_of(nulls), known(&|input| nulls >> input & 1 == 1))).collect()
}

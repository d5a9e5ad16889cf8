//! What a live application may do: write, insert, delete.

mod pairs;

use crate::catalog::{Column, ColumnId, ConstraintKind, Sync, Table};
use crate::plan::{Action, AppUse, ColumnName};
use crate::prove::compile::brought;
use crate::prove::compile::computed;
use crate::prove::compile::constraints;
use crate::prove::compile::image::{Guess, Image};
use crate::prove::compile::inserted::Inserted;
use crate::prove::compile::record::{Record, push_act, wrong};
use crate::prove::compile::scene::LayerScene;
use crate::prove::compile::values;
use crate::prove::model::{ModelEvent, Transition};
use crate::prove::proof::AnomalyKind;
use crate::prove::rule::Rule;
use crate::prove::word::{Pattern, Program, Word};

/// The row before an event: where it may happen, and in which tables there is one.
type Rows<W> = (Pattern<W>, Vec<bool>);

/// Adds all that a live application may do to the acts of a layer.
pub(super) fn acts<W: Word>(scene: LayerScene<'_>, app: usize, record: &mut Record<W>, acts: &mut Vec<Transition<W>>) {
    let updated = scene.own(app, &scene.shares[app].updates);
    let inserted = scene.own(app, &scene.shares[app].inserts);
    for rows in scene.rows() {
        let usage = &scene.plan.apps[app];
        let mut doing = Doing { scene, app, usage, updated: &updated, inserted: &inserted, rows: &rows, record, acts };
        doing.assume_values();
        doing.updates();
        for table in 0..scene.group.tables.len() {
            doing.insert(table);
            doing.touch(table);
            doing.delete(table);
            doing.rekey(table);
            doing.miss_the_row(table);
        }
    }
}

struct Doing<'a, 'b, W> {
    scene: LayerScene<'a>,
    app: usize,
    usage: &'a AppUse,
    /// The group's columns that it updates and that are there.
    updated: &'b [ColumnId],
    /// Those that its inserts give a value.
    inserted: &'b [ColumnId],
    rows: &'b Rows<W>,
    record: &'b mut Record<W>,
    acts: &'b mut Vec<Transition<W>>,
}

impl<W: Word> Doing<'_, '_, W> {
    fn writes_to(&self, table: usize) -> bool {
        self.usage.writes_to(&self.scene.group.tables[table])
    }

    fn updates(&mut self) {
        let mut left = self.updated.to_vec();
        while let Some(first) = left.first().copied() {
            let component = self.component(first, &left);
            left.retain(|column| !component.contains(column));
            let there = |column: &ColumnId| self.scene.bits(*column).is_some_and(|bits| self.rows.1[bits.table]);
            let component: Vec<ColumnId> = component.into_iter().filter(there).collect();
            if !component.is_empty() {
                self.update(&component, &component);
                for column in self.changed_alone(&component) {
                    self.update(&[column], &component);
                }
                self.update_as_is(&component);
            }
        }
    }

    /// The columns that are written together with one: those that carry a common fact, through any number of links.
    fn component(&self, first: ColumnId, among: &[ColumnId]) -> Vec<ColumnId> {
        let mut component = vec![first];
        let mut next = 0;
        while let Some(column) = component.get(next).copied() {
            let linked = among.iter().filter(|other| self.are_written_together(column, **other));
            let new: Vec<ColumnId> = linked.filter(|other| !component.contains(other)).copied().collect();
            component.extend(new);
            next += 1;
        }
        component.sort_unstable();
        component
    }

    /// Columns that carry a common fact. Who uses whatever columns there are changes one form of it, or the parts of one,
    /// and leaves the other forms as they are.
    fn are_written_together(&self, one: ColumnId, other: ColumnId) -> bool {
        let spread = |column| self.usage.spread.contains(&self.scene.survey.name(column));
        let apart = !self.usage.spread.is_empty()
            && (spread(one) || spread(other))
            && !self.scene.plan.facts.are_parts(one, other);
        self.scene.has(Rule::DualWrite) && !apart && self.scene.shared(one, other).next().is_some()
    }

    /// A version that the plan deploys is taken to write no null where the plan lets go of a `not null`.
    fn assume_values(&mut self) {
        let (scene, app) = (self.scene, self.app);
        let (updated, inserted) = (self.updated, self.inserted);
        for column in updated.iter().chain(inserted).copied() {
            let was_bound = scene.survey.is_deployed(app) && scene.survey.is_at_start(column);
            if was_bound && !scene.survey.may_write_null(scene.plan, app, column) {
                let is_it = |action: &Action| matches!(action, Action::DropNotNull { column: of, .. } if *of == column);
                let step = scene.plan.steps.iter().find(|step| is_it(&step.action)).map(|step| step.index);
                let what = format!("`{}` writes no null to `{}`", self.usage.name, scene.survey.name(column));
                step.into_iter().for_each(|step| self.record.assume(Some(step), what.clone()));
            }
        }
    }

    fn nullable(&self, columns: &[ColumnId]) -> Vec<ColumnId> {
        let may = |column: &ColumnId| self.scene.survey.may_write_null(self.scene.plan, self.app, *column);
        columns.iter().copied().filter(may).collect()
    }

    /// Columns of a component that may change alone: what a sync keeps in step with them, an application that writes both
    /// gives as it was. Who uses whatever columns there are gives all others as they were.
    fn changed_alone(&self, component: &[ColumnId]) -> Vec<ColumnId> {
        let scene = self.scene;
        let is_followed = |column: &&ColumnId| {
            scene.syncs.iter().any(|sync| {
                let other = sync.target != **column && component.contains(&sync.target);
                sync.join.is_none() && other && sync.source_columns.contains(column)
            })
        };
        if !scene.has(Rule::OneFormMayChange) {
            return Vec::new();
        }
        let spreads = |column: &&ColumnId| self.usage.spread.contains(&scene.survey.name(**column));
        component.iter().filter(|column| is_followed(column) || spreads(column)).copied().collect()
    }

    /// What changes, and the other parts of the same whole among what is given as it is.
    fn with_parts(&self, changed: &[ColumnId], given: &[ColumnId]) -> Vec<ColumnId> {
        let facts = &self.scene.plan.facts;
        let is_part = |other: &ColumnId| changed.iter().any(|column| facts.are_parts(*column, *other));
        let parts = given.iter().copied().filter(|other| !changed.contains(other) && is_part(other));
        changed.iter().copied().chain(parts).collect()
    }

    /// A write in which these columns of a component change, and the others of the row are given as they are.
    fn update(&mut self, changed: &[ColumnId], component: &[ColumnId]) {
        let table = |column: &ColumnId| self.scene.bits(*column).map(|bits| bits.table);
        let beside = |column: &&ColumnId| !changed.contains(column) && table(column) == table(&changed[0]);
        let as_is: Vec<ColumnId> = component.iter().filter(beside).copied().collect();
        let written = self.with_parts(changed, &as_is);
        for null in variants(self.nullable(changed)) {
            let columns = changed.to_vec();
            let happening = ModelEvent::Write { app: self.app, columns, null: null.clone(), as_is: false };
            // What is null already is not written again.
            let nulls = null.iter().filter_map(|column| self.scene.bits(*column));
            let guard = nulls.fold(self.given_as_is(&as_is), |guard, bits| guard.and(bits.null, false));
            let rows = (guard, self.rows.1.clone());
            let mut doing = Doing { rows: &rows, record: self.record, acts: self.acts, ..*self };
            doing.both_guesses(&happening, |image| {
                changed.iter().for_each(|column| image.give(*column, null.contains(column)));
                image.mark_stale(changed, &written);
                image.fire(changed, &written);
                changed.to_vec()
            });
        }
    }

    /// Where an application may give these columns as they are: who does not read a null gives one only where it writes
    /// null.
    fn given_as_is(&self, columns: &[ColumnId]) -> Pattern<W> {
        let scene = self.scene;
        let nullable = self.nullable(columns);
        let reads =
            |column: &ColumnId| scene.shares[self.app].reads.iter().any(|name| scene.named(name) == Some(*column));
        let never_null = columns.iter().filter(|column| !nullable.contains(column) && !reads(column));
        let never_null = never_null.filter_map(|column| scene.bits(*column));
        never_null.fold(self.rows.0, |guard, bits| guard.and(bits.null, false))
    }

    /// A write that leaves the values as they are. Nothing follows, and yet the row is compared with its constraints.
    fn update_as_is(&mut self, component: &[ColumnId]) {
        let scene = self.scene;
        if !scene.has(Rule::ValuesMayStay) {
            return;
        }
        let guard = self.given_as_is(component);
        let mut image = Image::new(scene, &self.rows.1, Guess::Value);
        component.iter().for_each(|column| image.keep(*column));
        image.settle(guard);
        let refused = constraints::held(scene, self.app, &image, self.record);
        let (columns, null, as_is) = (component.to_vec(), Vec::new(), true);
        let happening = self.record.happening(ModelEvent::Write { app: self.app, columns, null, as_is });
        let act = Transition { refused, ..Transition::new(guard, image.code, happening) };
        push_act(self.acts, act);
    }

    /// Compiles an event once, or twice where it is not known whether a value that it computes is null.
    fn both_guesses(&mut self, happening: &ModelEvent, work: impl Fn(&mut Image<'_, W>) -> Vec<ColumnId>) {
        for guess in [Guess::Value, Guess::Null] {
            let mut image = Image::new(self.scene, &self.rows.1, guess);
            let written = work(&mut image);
            image.settle(self.rows.0);
            if let ModelEvent::Insert { table, .. } = happening {
                brought::require_upserts(self.scene, (self.app, *table), &image, self.record);
            }
            let guessed = image.guessed;
            let witness = image.witness.as_ref().map(|witness| self.record.witness(witness));
            let undecided = (guessed && witness.is_none() && guess == Guess::Null)
                .then(|| self.record.undecided(None, "whether the result of an expression is null".to_owned()));
            let happening = self.record.happening(happening.clone());
            let refused = constraints::refusals(self.scene, (self.app, happening), &image, &written, self.record);
            let avoided = constraints::avoided(self.scene, self.app, &image, &written);
            let mut risks = self.failures(&image);
            risks.extend(constraints::risks(self.scene, self.app, &image, &written, self.record));
            let base = Transition::new(self.rows.0, image.code, happening);
            let act = Transition { refused, risks, avoided, undecided, witness, ..base };
            push_act(self.acts, act);
            if !guessed {
                return;
            }
        }
    }

    /// Where a sync fails, and the write with it.
    fn failures(&mut self, image: &Image<'_, W>) -> Vec<(Pattern<W>, usize)> {
        let is_firm = !self.scene.survey.is_deployed(self.app);
        let app = &self.usage.name;
        let mut risks = Vec::new();
        for doubt in image.doubts.iter().filter(|_| self.scene.has(Rule::ExpressionsMayFail)) {
            let wrong = values::failure(doubt, AnomalyKind::RejectedWrite, Some(self.app), self.scene);
            let step = computed::sync_into(self.scene, doubt.column);
            let condition = values::failing_condition(self.scene, doubt, Some(app));
            let risk = values::weigh((self.scene, step), &doubt.answer, wrong, is_firm, condition, self.record);
            risks.extend(risk.map(|risk| values::after(image, risk)));
        }
        values::require_values(self.scene, image, self.record);
        risks
    }

    fn insert(&mut self, table: usize) {
        let scene = self.scene;
        let name = &scene.group.tables[table];
        let Some(schema) = scene.table(table) else { return };
        let possible = scene.has(Rule::RowsAreInserted)
            && self.usage.inserts_into(name).is_some()
            && scene.is_whole(self.app, table)
            && !self.rows.1[table]
            && !scene.survey.is_excused(self.app, name)
            && !self.is_refused_elsewhere(schema)
            && self.parents_are_there(table);
        // Who writes the same fact in two tables inserts both rows at once.
        let together = scene.plan.written_with(self.usage, name, scene.catalog);
        let is_there = |other: &crate::ast::Name| scene.place(other).is_some_and(|other| self.rows.1[other]);
        if !possible || together.iter().any(is_there) {
            return;
        }
        let declared: Vec<ColumnId> =
            self.inserted.iter().copied().filter(|column| schema.column_by_id(*column).is_some()).collect();
        let given = scene.columns_of(table).filter(|(column, _)| {
            !declared.contains(&column.id) && scene.survey.is_given(schema, column, &scene.plan.apps)
        });
        let written: Vec<ColumnId> = declared.iter().copied().chain(given.map(|(column, _)| column.id)).collect();
        let rows = self.rows.clone();
        let (perhaps, always): (Vec<_>, Vec<_>) =
            self.given_elsewhere(table).into_iter().partition(|column| !self.nullable(&[*column]).is_empty());
        let elsewhere = variants(perhaps).into_iter().map(|given| [&given[..], &always[..]].concat());
        let elsewhere: Vec<Vec<ColumnId>> = elsewhere.collect();
        let all = variants(self.nullable(&declared)).into_iter();
        let all = all.flat_map(|null| elsewhere.clone().into_iter().map(move |given| (null.clone(), given)));
        for (null, given) in all {
            let columns = declared.clone();
            let happening = ModelEvent::Insert { app: self.app, table, columns, null: null.clone() };
            let mut doing = Doing { rows: &rows, record: self.record, acts: self.acts, ..*self };
            doing.both_guesses(&happening, |image| {
                image.elsewhere.clone_from(&given);
                image.insert(table);
                written.iter().for_each(|column| image.give(*column, null.contains(column)));
                Inserted { scene, table, written: &written, null: &null }.spread(image);
                written.clone()
            });
        }
    }

    /// Whether an insert leaves a column null that must not be, and none of this group: it is refused, and told there.
    fn is_refused_elsewhere(&self, schema: &Table) -> bool {
        let scene = self.scene;
        let is_set = |column: &Column| {
            scene.survey.inserts(self.app, column.id)
                || scene.survey.is_given(schema, column, &scene.plan.apps)
                || scene.syncs.iter().any(|sync| sync.target == column.id)
        };
        let is_bound = |column: &&Column| constraints::is_not_null(schema, column) && !scene.has_default(column);
        let mut left_null = schema.columns().filter(is_bound).filter(|column| !is_set(column)).peekable();
        scene.has(Rule::DefaultIsAValue)
            && left_null.peek().is_some()
            && left_null.all(|column| scene.bits(column.id).is_none())
    }

    /// The columns of other groups that an insert gives a value, or null, and that a sync to another table follows.
    fn given_elsewhere(&self, table: usize) -> Vec<ColumnId> {
        let scene = self.scene;
        let inserts = self.usage.inserts_into(&scene.group.tables[table]);
        let own = inserts.into_iter().flat_map(|inserts| &inserts.columns);
        let ids = own.filter_map(|name| scene.named(name)).filter(|column| scene.bits(*column).is_none());
        let followed =
            |column: &ColumnId| scene.syncs.iter().any(|s| s.join.is_some() && s.source_columns.contains(column));
        ids.filter(followed).collect()
    }

    /// The row that a new one must refer to is there. Who writes a table is taken to know what its rows refer to.
    fn parents_are_there(&mut self, table: usize) -> bool {
        let scene = self.scene;
        let missing = constraints::partners(scene, table).find(|parent| !self.rows.1[*parent]);
        if let Some(parent) = missing.filter(|parent| !self.writes_to(*parent)) {
            let (app, tables) = (&self.usage.name, &scene.group.tables);
            let what = format!("`{app}` inserts into `{}` only what `{}` has a row for", tables[table], tables[parent]);
            self.record.assume(None, what);
        }
        missing.is_none()
    }

    /// A write that is about none of the group's columns.
    fn touch(&mut self, table: usize) {
        let scene = self.scene;
        let own = |column: &ColumnName| column.table == scene.group.tables[table];
        let is_apart = |column: ColumnId| scene.bits(column).is_none() && !scene.survey.is_pairing_key(column);
        let elsewhere = |name: &&ColumnName| own(name) && scene.named(name).is_some_and(is_apart);
        if !self.rows.1[table] || !self.usage.updates.iter().any(|name| elsewhere(&name)) || !self.touch_matters(table)
        {
            return;
        }
        let others: Vec<ColumnId> =
            self.usage.updates.iter().filter(elsewhere).filter_map(|name| scene.named(name)).collect();
        let (columns, null, as_is) = (others.clone(), Vec::new(), false);
        let happening = ModelEvent::Write { app: self.app, columns, null, as_is };
        self.both_guesses(&happening, |image| {
            image.stored.push(table);
            image.fire(&others, &others);
            Vec::new()
        });
    }

    /// Whether anything can come of such a write: a sync that it may set off, or a refusal.
    fn touch_matters(&mut self, table: usize) -> bool {
        let scene = self.scene;
        let is_own = |sync: &&Sync| sync.columns().all(|column| scene.bits(column).is_some());
        if !scene.syncs.iter().all(is_own) {
            return true;
        }
        let mut image = Image::new(scene, &self.rows.1, Guess::Value);
        image.stored.push(table);
        // A check that the plan adds binds the row, whichever of its columns are written.
        let is_risky = !constraints::risks(scene, self.app, &image, &[], self.record).is_empty();
        is_risky || !constraints::refusals(scene, (self.app, 0), &image, &[], self.record).is_empty()
    }

    fn delete(&mut self, table: usize) {
        let scene = self.scene;
        let possible = scene.has(Rule::RowsAreDeleted)
            && self.usage.deletes_from(&scene.group.tables[table])
            && self.rows.1[table];
        if !possible || scene.table(table).is_none() {
            return;
        }
        let together = scene.plan.deleted_with(self.usage, &scene.group.tables[table], scene.catalog);
        let mut image = Image::new(scene, &self.rows.1, Guess::Value);
        image.remove(table, true);
        let mut refused = Vec::new();
        for other in (0..scene.group.tables.len()).filter(|other| *other != table && self.rows.1[*other]) {
            if follows(scene, table, other) || together.contains(&scene.group.tables[other]) {
                image.remove(other, true);
            } else if let Some(key) = refers(scene, other, table) {
                if self.knows_reference(other, &key) {
                    return;
                }
                refused.push((Pattern::ANY, self.refused_by(&key)));
            }
        }
        image.miss(table);
        let code: Program<W> = image.code;
        let table = scene.group.tables[table].clone();
        let happening = self.record.happening(ModelEvent::Delete { app: self.app, table });
        self.acts.push(Transition { refused, ..Transition::new(self.rows.0, code, happening) });
    }

    /// Whether the application takes care that no row of a table is left behind that refers to what it deletes.
    fn knows_reference(&self, from: usize, key: &str) -> bool {
        let scene = self.scene;
        is_at_start(scene, &scene.group.tables[from], key) && !scene.survey.is_deployed(self.app)
            || scene.survey.is_deployed(self.app) && self.usage.deletes_from(&scene.group.tables[from])
    }

    fn refused_by(&mut self, key: &str) -> usize {
        let constraint = format!("foreign key `{key}`");
        self.record.wrong(wrong(AnomalyKind::RejectedWrite, Some(self.app), None, Some(constraint)))
    }
}

/// Whether the row of one table is deleted with that of another, because a sync brings it about.
fn follows(scene: LayerScene<'_>, table: usize, other: usize) -> bool {
    scene.syncs.iter().any(|sync| {
        *sync.source_table == *scene.group.tables[table]
            && *sync.target_table == *scene.group.tables[other]
            && sync.join.as_ref().is_some_and(|join| join.inserts)
    })
}

/// Whether a foreign key was there before the plan.
pub(super) fn is_at_start(scene: LayerScene<'_>, table: &str, key: &str) -> bool {
    let start = scene.plan.start.table(table);
    start.is_some_and(|table| table.constraint(key).is_some())
}

/// The foreign key by which the row of one table refers to that of another.
fn refers(scene: LayerScene<'_>, from: usize, to: usize) -> Option<String> {
    let to = &scene.group.tables[to];
    scene.table(from)?.foreign_keys().find_map(|key| match &key.kind {
        ConstraintKind::ForeignKey { table, .. } if table == to => Some(key.name.to_string()),
        _ => None,
    })
}

/// All values, and then null wherever it may be.
fn variants(nullable: Vec<ColumnId>) -> Vec<Vec<ColumnId>> {
    if nullable.is_empty() { vec![Vec::new()] } else { vec![Vec::new(), nullable] }
}

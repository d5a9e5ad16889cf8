//! What each application does, knows and may do, as model and semantics say.

use std::collections::BTreeSet;

use miglab::ast::Name;
use miglab::catalog::{Catalog, Column, ColumnId, ConstraintKind, NotNull, Table};
use miglab::data::Type;
use miglab::plan::{Action, AppUse, ColumnName};

use super::subject::Subject;

/// A column that an application writes, as it stands at some position.
#[derive(Clone, Debug)]
pub struct Written {
    pub name: ColumnName,
    pub id: ColumnId,
    pub ty: Type,
    pub may_be_null: bool,
}

/// What a live application can do at some position.
#[derive(Clone, Debug)]
pub struct Acting {
    pub app: Name,
    pub reads: Vec<ColumnName>,
    /// What it reads or writes and is not there.
    pub missing: Vec<ColumnName>,
    /// Columns with a common fact, written together.
    pub components: Vec<Vec<Written>>,
    /// Columns that may change while the rest of the row is given as it is: component, column, whether it may be null.
    pub alone: Vec<(usize, usize, bool)>,
    pub inserts: Vec<Inserting>,
    /// The tables that it deletes from.
    pub deletes: Vec<Name>,
}

impl Acting {
    /// The other tables in which it writes what it writes in this one.
    pub fn written_with<'a>(&'a self, table: &'a Name) -> impl Iterator<Item = &'a Name> {
        let of_table = |columns: &&Vec<Written>| columns.iter().any(|column| column.name.table == *table);
        let columns = self.components.iter().filter(of_table).flatten();
        let tables: BTreeSet<&Name> = columns.map(|column| &column.name.table).collect();
        tables.into_iter().filter(move |other| *other != table)
    }

    /// Those of them that it deletes from.
    pub fn deleted_with<'a>(&'a self, table: &'a Name) -> impl Iterator<Item = &'a Name> {
        self.written_with(table).filter(|other| self.deletes.contains(other))
    }
}

/// How an application inserts a row.
#[derive(Clone, Debug)]
pub struct Inserting {
    pub table: Name,
    /// Some column that it writes is not there, nor the table perhaps.
    pub breaks: bool,
    pub columns: Vec<Written>,
    /// Columns that are neither the application's nor the key's, and that whoever inserts must know of.
    pub given: Vec<(Name, Type)>,
}

/// Everything about the applications of a plan that does not change as rows do.
pub struct People {
    /// By position, the live applications.
    pub acting: Vec<Vec<Acting>>,
}

impl People {
    pub fn of(subject: &Subject) -> Self {
        let acting = |(position, catalog): (usize, &Catalog)| {
            let live = subject.plan.apps.iter().filter(|app| catalog.is_live(&app.name));
            live.map(|app| acting(subject, app, position)).collect()
        };
        Self { acting: subject.catalogs.iter().enumerate().map(acting).collect() }
    }
}

pub fn is_deployed(subject: &Subject, app: &str) -> bool {
    subject.plan.steps.iter().any(|step| matches!(&step.action, Action::Deploy(name) if **name == *app))
}

fn acting(subject: &Subject, app: &AppUse, position: usize) -> Acting {
    let catalog = &subject.catalogs[position];
    let there = |name: &&ColumnName| catalog.column(&name.table, &name.column).is_some();
    let (reads, missing_reads): (Vec<_>, Vec<_>) = distinct(&app.reads).partition(there);
    let (writes, missing): (Vec<_>, Vec<_>) = distinct(&app.writes).partition(there);
    let written: Vec<Written> = writes.iter().filter_map(|name| written(subject, app, catalog, name)).collect();
    let tables: BTreeSet<&Name> = app.inserts.iter().map(|inserts| &inserts.table).collect();
    let components = components(subject, written.clone());
    Acting {
        alone: alone(catalog, &components),
        app: app.name.clone(),
        reads: reads.into_iter().cloned().collect(),
        inserts: tables
            .iter()
            .filter(|table| !is_excused(subject, app, table))
            .map(|table| Inserting {
                table: (**table).clone(),
                breaks: missing.iter().any(|name| name.table == **table),
                columns: written.iter().filter(|column| column.name.table == **table).cloned().collect(),
                given: given(subject, catalog, table),
            })
            .collect(),
        missing: missing.iter().chain(&missing_reads).map(|name| (*name).clone()).collect(),
        components,
        deletes: app.deletes.iter().filter(|table| catalog.table(table).is_some()).cloned().collect(),
    }
}

fn distinct(names: &[ColumnName]) -> impl Iterator<Item = &ColumnName> {
    names.iter().collect::<BTreeSet<_>>().into_iter()
}

fn written(subject: &Subject, app: &AppUse, catalog: &Catalog, name: &ColumnName) -> Option<Written> {
    let column = catalog.column(&name.table, &name.column)?;
    let may_be_null = may_write_null(subject, app, name, column);
    Some(Written { name: name.clone(), id: column.id, ty: column.ty, may_be_null })
}

/// Divides columns into those linked by common facts, transitively.
fn components(subject: &Subject, written: Vec<Written>) -> Vec<Vec<Written>> {
    let mut components: Vec<Vec<Written>> = Vec::new();
    for column in written {
        let facts = subject.plan.facts.of(column.id).to_vec();
        let linked = |other: &Written| subject.plan.facts.of(other.id).iter().any(|fact| facts.contains(fact));
        let (touching, apart): (Vec<_>, Vec<_>) =
            components.into_iter().partition(|component| component.iter().any(linked));
        components = apart;
        components.push(touching.into_iter().flatten().chain([column]).collect());
    }
    components
}

/// A column that a sync follows into another one of its component and row may change alone.
fn alone(catalog: &Catalog, components: &[Vec<Written>]) -> Vec<(usize, usize, bool)> {
    let mut alone = Vec::new();
    for (at, component) in components.iter().enumerate() {
        for (place, column) in component.iter().enumerate() {
            let followed =
                catalog.syncs().filter(|sync| sync.join.is_none() && sync.source_columns.contains(&column.id));
            let mut others = component.iter().filter(|other| other.id != column.id).map(|other| other.id);
            let targets: Vec<ColumnId> = followed.map(|sync| sync.target).collect();
            if others.any(|other| targets.contains(&other)) {
                alone.push((at, place, column.may_be_null));
            }
        }
    }
    alone
}

fn in_primary_key(table: &Table, column: ColumnId) -> bool {
    table.primary_key().is_some_and(|key| key.contains(&column))
}

pub fn nullable(table: &Table, column: &Column) -> bool {
    column.not_null == NotNull::No && !in_primary_key(table, column.id)
}

fn may_write_null(subject: &Subject, app: &AppUse, name: &ColumnName, column: &Column) -> bool {
    if !is_deployed(subject, &app.name) {
        let start = subject.plan.start.table(&name.table);
        return start.is_some_and(|table| table.column(&name.column).is_some_and(|column| nullable(table, column)));
    }
    let ever_bound = subject
        .catalogs
        .iter()
        .filter_map(|catalog| catalog.table(&name.table))
        .any(|table| table.column_by_id(column.id).is_some_and(|column| !nullable(table, column)));
    !ever_bound && subject.plan.facts.of(column.id).iter().all(|fact| first_nullable(subject, *fact))
}

/// Whether the column that a fact was first known as could be null at first.
fn first_nullable(subject: &Subject, fact: ColumnId) -> bool {
    let tables = subject.catalogs.iter().flat_map(Catalog::tables);
    let first = tables.into_iter().find_map(|table| Some((table, table.column_by_id(fact)?)));
    first.is_some_and(|(table, column)| nullable(table, column))
}

/// The columns of a table at the start that every insert must give: not null, without default, not in the key.
fn needed_at_start<'a>(subject: &'a Subject, table: &str) -> impl Iterator<Item = &'a Column> {
    let table = subject.plan.start.table(table);
    table.into_iter().flat_map(|table| {
        let needed = |column: &&Column| column.not_null != NotNull::No && column.default.is_none();
        table.columns().filter(needed).filter(|column| !in_primary_key(table, column.id))
    })
}

/// Whether some application writes a column or some statement names it.
fn is_concerned(subject: &Subject, table: &str, column: &Column) -> bool {
    let is_it = |name: &ColumnName| *name.table == *table && name.column == column.name;
    let named = subject
        .plan
        .steps
        .iter()
        .zip(&subject.catalogs)
        .any(|(step, catalog)| step.action.effect(catalog).names.contains(&column.id));
    named || subject.plan.apps.iter().any(|app| app.writes.iter().any(is_it))
}

fn is_excused(subject: &Subject, app: &AppUse, table: &str) -> bool {
    let writes = |column: &Column| app.writes.iter().any(|name| *name.table == *table && name.column == column.name);
    !is_deployed(subject, &app.name)
        && needed_at_start(subject, table).any(|column| !writes(column) && is_concerned(subject, table, column))
}

/// All columns that whoever inserts must give without being said to write them.
pub fn given_at_start(subject: &Subject) -> Vec<ColumnName> {
    let start = &subject.plan.start;
    let of = |table: &Name| given(subject, start, table).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    let named = |table: &Name, column| ColumnName { table: table.clone(), column };
    start.tables().flat_map(|table| of(&table.name).into_iter().map(|c| named(&table.name, c))).collect()
}

fn given(subject: &Subject, catalog: &Catalog, table: &str) -> Vec<(Name, Type)> {
    let there = |column: &&Column| catalog.column(table, &column.name).is_some_and(|now| now.id == column.id);
    let needed = needed_at_start(subject, table).filter(|column| !is_concerned(subject, table, column));
    needed.filter(there).map(|column| (column.name.clone(), column.ty)).collect()
}

/// Whether an application knows that a column may not be null: its own version says so.
pub fn knows_not_null(subject: &Subject, app: &str, name: &ColumnName) -> bool {
    let usage = subject.plan.apps.iter().find(|usage| *usage.name == *app);
    if !usage.is_some_and(|usage| usage.writes.contains(name)) {
        return false;
    }
    let start = subject.plan.start.table(&name.table);
    is_deployed(subject, app)
        || start.is_some_and(|table| table.column(&name.column).is_some_and(|column| !nullable(table, column)))
}

/// Whether an application knows of another constraint: it writes a column of it, and for one live from the start it
/// was there then.
pub fn knows_constraint(subject: &Subject, app: &str, given: &[ColumnName], table: &str, constraint: &str) -> bool {
    let usage = subject.plan.apps.iter().find(|usage| *usage.name == *app);
    let writes = |catalog: &Catalog| {
        let Some(table) = catalog.table(table) else { return false };
        let Some(constraint) = table.constraint(constraint) else { return false };
        if let ConstraintKind::Index { filter: Some(_), .. } = &constraint.kind {
            return false;
        }
        let names = table.column_names(constraint.kind.columns());
        let written = |name: &&ColumnName| name.table == table.name && names.contains(&&*name.column);
        usage.is_some_and(|usage| usage.writes.iter().any(|name| written(&name) && given.contains(name)))
    };
    if is_deployed(subject, app) { subject.catalogs.iter().any(writes) } else { writes(&subject.plan.start) }
}

/// Whether an application reads a column that could not be null when it first went live.
pub fn expects_value(subject: &Subject, app: &str, name: &ColumnName) -> bool {
    let first = subject.catalogs.iter().find(|catalog| catalog.is_live(app));
    first.and_then(|catalog| catalog.table(&name.table)).is_some_and(|table| {
        let bound = |column: &Column| matches!(column.not_null, NotNull::Validated | NotNull::Yes);
        table.column(&name.column).is_some_and(|column| bound(column) || in_primary_key(table, column.id))
    })
}

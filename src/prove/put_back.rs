//! What a rollback could not put back, whatever becomes of writes: a constraint that rows written since break, an old
//! value that is not kept or that the tables refuse by then.
//!
//! A statement that drops a constraint, or replaces values that constraints are about, can be undone as long as nobody
//! has written what is then in the way. The point of no return is the first statement after which somebody may.

use std::collections::BTreeSet;

use crate::ast::Name;
use crate::catalog::{Catalog, Column, ColumnId, Constraint, ConstraintKind, NotNull, Table};
use crate::data::Type;
use crate::expr::{Expression, Nullness};
use crate::plan::{Action, AppUse, ColumnName, Effect, FillKind, FillingKind, Plan, Removal};
use crate::prove::proof::{NoReturn, WhyNoReturn};
use crate::prove::survey::{MOST_INPUTS, Survey};

/// Fills of columns that were there before the plan, whose values a rollback restores: the step and the column.
pub(super) fn restored(plan: &Plan) -> impl Iterator<Item = (usize, ColumnId)> {
    let from_start = |table: &Name, column: ColumnId| plan.start.table(table)?.column_by_id(column);
    plan.steps.iter().filter_map(move |step| match &step.action {
        Action::Fill { table, column, .. } if is_keyed(plan.start.table(table)?) => {
            from_start(table, *column).map(|column| (step.index, column.id))
        }
        _ => None,
    })
}

/// Whether rows can be found again by a key, as far as anybody says what the table is like.
fn is_keyed(table: &Table) -> bool {
    let is_described = table.columns().any(|column| column.ty != Type::Unknown);
    table.primary_key().is_some() || !is_described
}

/// The first statement after which something cannot be put back.
pub(super) fn no_return(plan: &Plan, survey: &Survey) -> Option<NoReturn> {
    let mut catalog = plan.start.clone();
    let mut open: Vec<Loosened> = Vec::new();
    for step in &plan.steps {
        let effect = step.action.effect(&catalog);
        if let Some(table) = not_kept(plan, &effect) {
            return Some(NoReturn { step: step.index, why: WhyNoReturn::NotKept { table } });
        }
        let mut loosening = Loosening { plan, survey, catalog: &catalog, step: step.index, found: &mut open };
        loosening.look(&step.action, &effect);
        catalog.apply(&step.action);
        let found = open.iter().find_map(|loosened| Some((loosened, loosened.writer(plan, survey, &catalog)?)));
        if let Some((loosened, app)) = found {
            let why = WhyNoReturn::Breaks {
                undoing: loosened.step,
                constraint: loosened.constraint.clone(),
                app: app.name.clone(),
            };
            return Some(NoReturn { step: step.index, why });
        }
    }
    None
}

/// The table whose rows the statement changes though none can be found again.
fn not_kept(plan: &Plan, effect: &Effect<'_>) -> Option<Name> {
    let filling = effect.fills.iter().find(|filling| filling.kind != FillingKind::Sync)?;
    let table = plan.start.table(filling.table)?;
    let is_there = filling.kind == FillingKind::Copy || table.column_by_id(filling.column).is_some();
    (is_there && !is_keyed(table)).then(|| table.name.clone())
}

/// Something that undoing a statement puts back, and that rows may break by then.
struct Loosened {
    step: usize,
    /// In words.
    constraint: String,
    /// It is about these columns.
    columns: BTreeSet<ColumnName>,
    /// Whoever writes them may break it.
    by_writers: bool,
    /// Rows inserted by whoever writes this table and not these columns may.
    left_out: Option<Name>,
    /// Whoever was live before the plan knows it and keeps to it.
    is_known: bool,
}

impl Loosened {
    /// An application that is live and may write what is in the way.
    fn writer<'p>(&self, plan: &'p Plan, survey: &Survey, catalog: &Catalog) -> Option<&'p AppUse> {
        let may = |(at, app): &(usize, &AppUse)| {
            let writes = app.writes.iter().any(|column| self.columns.contains(column));
            let keeps_to_it = self.is_known && !survey.is_deployed(*at);
            let inserts = |table: &Name| !writes && app.writes.iter().any(|column| column.table == *table);
            writes && self.by_writers && !keeps_to_it || self.left_out.as_ref().is_some_and(inserts)
        };
        let live = |(_, app): &(usize, &AppUse)| catalog.is_live(&app.name);
        plan.apps.iter().enumerate().filter(live).find(may).map(|(_, app)| app)
    }
}

/// A statement that is about to loosen something.
struct Loosening<'a> {
    plan: &'a Plan,
    survey: &'a Survey,
    catalog: &'a Catalog,
    step: usize,
    found: &'a mut Vec<Loosened>,
}

impl Loosening<'_> {
    fn look(&mut self, action: &Action, effect: &Effect<'_>) {
        if let Some((table, name)) = effect.removes_constraint
            && let Some(table) = self.catalog.table(table)
            && let Some(constraint) = table.constraint(name)
            && !is_held_otherwise(table, constraint)
        {
            self.constraint(table, constraint);
        }
        if let Action::DropNotNull { table, column } = action {
            self.not_null(table, *column);
        }
        match effect.removes {
            Some(Removal::Column(name, column)) => {
                self.not_null(name, column);
                self.references(name, |key| key.kind.columns() == [column]);
            }
            Some(Removal::Table(name)) => self.references(name, |_| true),
            None => {}
        }
        if let Action::Fill { kind, table: name, column, filter, .. } = action
            && let Some(table) = self.catalog.table(name)
            && let Some(known) = self.plan.start.table(name).and_then(|table| table.column_by_id(*column))
        {
            let were_null =
                *kind == FillKind::Seed || filter.as_ref().is_some_and(|filter| asks_for_null(filter, known));
            let about = |constraint: &&Constraint| constraint.kind.columns().contains(column);
            let since = |constraint: &Constraint| {
                self.plan.start.table(name).is_none_or(|start| start.constraint(&constraint.name).is_none())
            };
            // A check that the plan has added goes before old values come back.
            let stays = |constraint: &&Constraint| {
                !matches!(constraint.kind, ConstraintKind::Check { .. }) || !since(constraint)
            };
            let found: Vec<&Constraint> = table.constraints().filter(about).filter(stays).collect();
            found.into_iter().for_each(|constraint| self.old_value(constraint, were_null));
        }
    }

    fn names(&self, columns: &[ColumnId]) -> BTreeSet<ColumnName> {
        columns.iter().map(|column| self.survey.name(*column)).collect()
    }

    fn push(&mut self, constraint: String, columns: BTreeSet<ColumnName>, left_out: Option<Name>, is_known: bool) {
        let by_writers = true;
        self.found.push(Loosened { step: self.step, constraint, columns, by_writers, left_out, is_known });
    }

    /// A constraint leaves. Whether two rows, or rows of two tables, fit each other is known to nobody who writes one of
    /// them.
    fn constraint(&mut self, table: &Table, constraint: &Constraint) {
        let mut columns = self.names(constraint.kind.columns());
        let is_known = matches!(constraint.kind, ConstraintKind::Check { .. });
        match &constraint.kind {
            ConstraintKind::Index { unique: false, .. } => return,
            ConstraintKind::ForeignKey { table: to, .. } => {
                let parent = if *to == table.name { Some(table) } else { self.catalog.table(to).map(|to| &**to) };
                columns.extend(self.all_of(parent));
            }
            _ => {}
        }
        self.push(constraint.title(), columns, None, is_known);
    }

    /// A value is replaced that a constraint is about. Where it comes back, another row may have taken it, what it refers
    /// to may be gone, and the rest of the row may not go with it.
    fn old_value(&mut self, constraint: &Constraint, was_null: bool) {
        let kind = &constraint.kind;
        let columns = match kind {
            ConstraintKind::Check { columns, .. } if columns.len() > 1 => self.names(columns),
            ConstraintKind::ForeignKey { table: to, .. } if !was_null => {
                self.all_of(self.catalog.table(to).map(|to| &**to))
            }
            _ if kind.unique_columns().is_some() && !was_null => self.names(kind.columns()),
            _ => return,
        };
        self.push(constraint.title(), columns, None, false);
    }

    fn all_of(&self, table: Option<&Table>) -> BTreeSet<ColumnName> {
        let columns = table.into_iter().flat_map(Table::columns);
        columns.map(|column| self.survey.name(column.id)).collect()
    }

    fn not_null(&mut self, table: &Name, column: ColumnId) {
        let known = self.catalog.table(table).and_then(|table| table.column_by_id(column));
        if let Some(column) = known.filter(|column| column.not_null != NotNull::No) {
            let name = self.survey.name(column.id);
            let left_out = column.default.is_none().then(|| table.clone());
            self.found.push(Loosened {
                step: self.step,
                constraint: format!("`not null` of `{name}`"),
                columns: BTreeSet::from([name]),
                by_writers: self.stays_nullable(table, column.id),
                left_out,
                is_known: true,
            });
        }
    }

    /// Whether a column may be null when the plan is done: then its writers give null. One that is about to be dropped is
    /// given values as before.
    fn stays_nullable(&self, table: &Name, column: ColumnId) -> bool {
        let ends = |action: &Action| match action {
            Action::DropColumn { column: dropped, .. } => *dropped == column,
            Action::DropTable(dropped) => dropped == table,
            Action::AddNotNull { column: bound, .. } | Action::SetNotNull { column: bound, .. } => *bound == column,
            _ => false,
        };
        !self.plan.steps[self.step..].iter().any(|step| ends(&step.action))
    }

    /// Foreign keys that leave with their column or table.
    fn references(&mut self, table: &Name, leaves: impl Fn(&Constraint) -> bool) {
        let Some(table) = self.catalog.table(table) else { return };
        for key in table.foreign_keys().filter(|key| leaves(key)) {
            self.constraint(table, key);
        }
    }
}

/// Whether a condition holds only for rows in which the column is null.
fn asks_for_null(filter: &Expression, column: &Column) -> bool {
    let inputs = filter.inputs();
    let Some(own) = inputs.iter().position(|name| *name == column.name) else { return false };
    let fails = |known| matches!(known, Nullness::Null | Nullness::NotNull(Some(false)));
    let with_value = |nulls: &u32| nulls >> own & 1 == 0;
    let mut nulls = (0..1_u32 << inputs.len().min(MOST_INPUTS)).filter(with_value);
    inputs.len() <= MOST_INPUTS && nulls.all(|nulls| fails(filter.known(&|at| nulls >> at & 1 == 1)))
}

/// Whether another constraint of the table refuses as much.
fn is_held_otherwise(table: &Table, dropped: &Constraint) -> bool {
    let others = table.constraints().filter(|other| other.name != dropped.name);
    let as_much = |other: &Constraint| match (&other.kind, &dropped.kind) {
        (ConstraintKind::Check { condition, .. }, ConstraintKind::Check { condition: own, .. }) => condition == own,
        (
            ConstraintKind::ForeignKey { column, table, referenced, .. },
            ConstraintKind::ForeignKey { column: own, table: own_table, referenced: own_referenced, .. },
        ) => column == own && table == own_table && referenced == own_referenced,
        (ConstraintKind::Index { filter: Some(_), .. }, _) => other.kind == dropped.kind,
        (other, own) => match (other.unique_columns(), own.unique_columns()) {
            (Some(other), Some(own)) => other.iter().all(|column| own.contains(column)),
            _ => false,
        },
    };
    others.into_iter().any(as_much)
}

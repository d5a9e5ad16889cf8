//! `backfill` and `seed`. In READ COMMITTED an `update` that has waited for a row computes its value from the newest
//! version of it, so no write of an application is overwritten with an older one
//! (<https://www.postgresql.org/docs/current/transaction-iso.html>).

use crate::ast::{Batches, Name};
use crate::catalog::{Column, ColumnId, Constraint, ConstraintKind, NotNull};
use crate::engine::Fault;
use crate::engine::postgres::operation::{RANGE, RowsWork};
use crate::engine::postgres::translate::kept::KeptValues;
use crate::engine::postgres::translate::not_null::check_name;
use crate::engine::postgres::translate::touched::Watch;
use crate::engine::postgres::translate::{Scene, comparable, is_compared_as_text, of_row};
use crate::engine::postgres::{Cost, LockMode, Operation, Work, quote};
use crate::expr::Expression;
use crate::plan::FillKind;

impl Scene<'_> {
    pub(super) fn fill(
        &self,
        kind: FillKind,
        table: &Name,
        column: ColumnId,
        value: &Expression,
        filter: Option<&Expression>,
        batches: Batches,
    ) -> Result<Vec<Operation>, Fault> {
        let id = column;
        let column = self.column(table, id)?;
        let filling = Filling {
            relation: self.qualified(table),
            name: quote::ident(&column.name),
            value: self.assigned(table, column, &value.to_sql(&|name| of_row("r", name))),
            condition: self.condition(kind, table, column, value, filter),
        };
        let kept = if self.is_from_start(table, id) { self.kept(table) } else { None };
        let Some(kept) = kept else {
            let rows = self.over_rows(table, filling.statement(), batches);
            return Ok(vec![self.rows_operation(kind, table, rows, Vec::new())]);
        };
        let ty = self.type_of(table, column);
        let restored = self.over_rows(table, filling.restoring(&kept), Batches::default());
        let rows = self.over_rows(table, filling.keeping(&kept), batches);
        let unbound = self.unbinding(table, column)?;
        let unbound = (!unbound.is_empty()).then_some(Work::Ddl(unbound));
        let undo = unbound.into_iter().chain([Work::Rows(Box::new(restored))]).collect();
        let relation = self.qualified(table);
        let watch = Watch { kept: &kept, relation: &relation, columns: vec![self.watched(table, column)] };
        Ok(vec![kept.creation(&[("old", &ty)], &watch), self.rows_operation(kind, table, rows, undo)])
    }

    /// What drops the checks on the column that the plan has added so far: what was there before need not satisfy them. A
    /// rollback is about to drop them anyway.
    fn unbinding(&self, table: &Name, column: &Column) -> Result<Vec<String>, Fault> {
        let start = self.start.table(table);
        let is_new = |constraint: &&Constraint| {
            matches!(constraint.kind, ConstraintKind::Check { .. })
                && constraint.kind.columns().contains(&column.id)
                && start.is_none_or(|start| start.constraint(&constraint.name).is_none())
        };
        let checks = self.table(table)?.constraints().filter(is_new);
        let mut drops: Vec<String> = checks.map(|check| self.drop_if_there(table, &check.name)).collect();
        let was = start.and_then(|start| start.column_by_id(column.id)).map(|column| column.not_null);
        if column.not_null != NotNull::No && was == Some(NotNull::No) {
            drops.push(self.drop_if_there(table, &check_name(table, &column.name)));
        }
        Ok(drops)
    }

    /// A column, quoted, and what is true where it changes between the rows `old` and `new`.
    pub(super) fn watched(&self, table: &str, column: &Column) -> (String, String) {
        let (name, ty) = (quote::ident(&column.name), self.type_of(table, column));
        let [old, new] = ["old", "new"].map(|row| comparable(&ty, &format!("{row}.{name}")));
        (name, format!("{old} is distinct from {new}"))
    }

    /// Which rows are rewritten: those that the script selects and that do not hold the value already.
    fn condition(
        &self,
        kind: FillKind,
        table: &str,
        column: &Column,
        value: &Expression,
        filter: Option<&Expression>,
    ) -> String {
        let name = of_row("r", &column.name);
        let sql = self.assigned(table, column, &value.to_sql(&|name| of_row("r", name)));
        let ty = self.type_of(table, column);
        let mut parts = vec![match kind {
            FillKind::Seed => format!("{name} is null and {sql} is not null"),
            FillKind::Backfill if is_compared_as_text(&ty) => {
                format!("{} is distinct from {}", comparable(&ty, &name), comparable(&ty, &format!("({sql})::{ty}")))
            }
            FillKind::Backfill => format!("{name} is distinct from {sql}"),
        }];
        if let Some(filter) = filter {
            parts.push(filter.to_sql(&|name| of_row("r", name)));
        }
        parts.join(" and ")
    }

    /// A statement over the rows of a table, by its key.
    pub(super) fn over_rows(&self, table: &str, statement: String, batches: Batches) -> RowsWork {
        RowsWork {
            relation: self.qualified(table),
            key: self.key_of(table),
            last_look: statement.replace(RANGE, "true"),
            statement,
            batch_rows: batches.rows,
            pause_ms: batches.pause_ms,
        }
    }

    fn rows_operation(&self, kind: FillKind, table: &str, rows: RowsWork, undo: Vec<Work>) -> Operation {
        let title = match kind {
            FillKind::Backfill => "fill the column, range by range",
            FillKind::Seed => "fill the column where it is null, range by range",
        };
        let lock = self.lock(table, LockMode::RowExclusive);
        Operation::new(title, Work::Rows(Box::new(rows)), lock, Cost::Batches, undo)
    }
}

/// The parts of the statements that fill a column.
struct Filling {
    relation: String,
    name: String,
    value: String,
    condition: String,
}

impl Filling {
    fn statement(&self) -> String {
        let Self { relation, name, value, condition } = self;
        format!("update {relation} as r set {name} = {value} where {RANGE} and {condition}")
    }

    /// The same, and what was there before is kept. The rows are locked first, so that old and new belong together.
    fn keeping(&self, kept: &KeptValues) -> String {
        let Self { relation, name, value, condition } = self;
        let (side, columns, key) = (&kept.name, kept.columns(), kept.key_of("r"));
        format!(
            "with old as materialized (select {key}, r.{name} as old from {relation} as r \
             where {RANGE} and {condition} for no key update of r), \
             changed as (update {relation} as r set {name} = {value} from old where {same} \
             returning {key}, old.old as old) \
             insert into {side} ({columns}, old) select {columns}, old from changed on conflict do nothing",
            same = kept.same_row("r", "old"),
        )
    }

    /// Puts back what was there; rows that applications have written since are not kept any more.
    fn restoring(&self, kept: &KeptValues) -> String {
        let Self { relation, name, .. } = self;
        let (side, same) = (&kept.name, kept.same_row("r", "s"));
        format!("update {relation} as r set {name} = s.old from {side} as s where {RANGE} and {same}")
    }
}

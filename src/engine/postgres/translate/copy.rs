//! `copy`: a row of one table for each row of another, or what is null in the one that is there.

use crate::ast::{Batches, Name};
use crate::catalog::{ColumnId, Table};
use crate::engine::Fault;
use crate::engine::postgres::operation::RANGE;
use crate::engine::postgres::translate::touched::Watch;
use crate::engine::postgres::translate::{Scene, of_row};
use crate::engine::postgres::{Cost, LockMode, Operation, Work, quote};
use crate::expr::Expression;

impl Scene<'_> {
    pub(super) fn copy(
        &self,
        from: &Name,
        to: &Name,
        columns: &[(ColumnId, Expression)],
        filter: Option<&Expression>,
        batches: Batches,
    ) -> Result<Vec<Operation>, Fault> {
        let insert = self.insertion(from, to, columns, filter)?;
        let missing = self.missing(to, columns)?;
        let operation = |statement: String, undo: Vec<Work>| {
            let mut rows = self.over_rows(from, statement, batches);
            rows.last_look = rows.statement.replace(RANGE, &missing);
            let work = Work::Rows(Box::new(rows));
            let lock = self.lock(from, LockMode::RowShare);
            let mut operation = Operation::new("copy the rows, range by range", work, lock, Cost::Batches, undo);
            operation.locks.push(self.lock(to, LockMode::RowExclusive));
            operation
        };
        let kept = if self.start.table(to).is_some() { self.kept(to) } else { None };
        let Some(kept) = kept else { return Ok(vec![operation(insert, Vec::new())]) };
        let relation = self.qualified(to);
        let keeping = format!(
            "with put as ({insert} returning {key}, (xmax = 0) as inserted) \
             insert into {side} ({columns}) select {columns} from put where inserted on conflict do nothing",
            key = kept.key_of("t"),
            side = kept.name,
            columns = kept.columns(),
        );
        let removing = format!(
            "delete from {relation} as r using {side} as s where {RANGE} and {same}",
            side = kept.name,
            same = kept.same_row("r", "s"),
        );
        let undo = vec![Work::Rows(Box::new(self.over_rows(to, removing, Batches::default())))];
        let columns = self.table(to)?.columns().map(|column| self.watched(to, column)).collect();
        let watch = Watch { kept: &kept, relation: &relation, columns };
        Ok(vec![kept.creation(&[], &watch), operation(keeping, undo)])
    }

    /// Of a row of the source, that there is none of its own in the target: so the last look need not copy all again.
    fn missing(&self, to: &Name, columns: &[(ColumnId, Expression)]) -> Result<String, Fault> {
        let target = self.table(to)?;
        let given: Vec<ColumnId> = columns.iter().map(|(column, _)| *column).collect();
        let Some(key) = identity(target, &given) else { return Ok("true".to_owned()) };
        let same = columns.iter().filter(|(column, _)| key.contains(column)).filter_map(|(column, value)| {
            let name = &target.column_by_id(*column)?.name;
            Some(format!("{} = {}", of_row("t", name), value.to_sql(&|name| of_row("r", name))))
        });
        let same: Vec<String> = same.collect();
        Ok(format!("not exists (select 1 from {} as t where {})", self.qualified(to), same.join(" and ")))
    }

    /// The rows that are read are locked, so that what a sync writes at the same time is not older.
    fn insertion(
        &self,
        from: &Name,
        to: &Name,
        columns: &[(ColumnId, Expression)],
        filter: Option<&Expression>,
    ) -> Result<String, Fault> {
        let target = self.table(to)?;
        let given: Vec<ColumnId> = columns.iter().map(|(column, _)| *column).collect();
        let value = |(column, value): &(ColumnId, Expression)| {
            let sql = value.to_sql(&|name| of_row("r", name));
            target.column_by_id(*column).map_or_else(|| sql.clone(), |column| self.assigned(to, column, &sql))
        };
        let values: Vec<String> = columns.iter().map(value).collect();
        let filter = filter.map(|filter| format!(" and {}", filter.to_sql(&|name| of_row("r", name))));
        Ok(format!(
            "insert into {relation} as t ({names}) select {values} from (select r.* from {source} as r \
             where {RANGE}{filter} for share of r) as r{conflict}",
            relation = self.qualified(to),
            names = quote::idents(target.column_names(&given)),
            values = values.join(", "),
            source = self.qualified(from),
            filter = filter.unwrap_or_default(),
            conflict = on_conflict(target, &given),
        ))
    }
}

/// What happens to a row whose key is there: what is null in it is filled.
fn on_conflict(target: &Table, given: &[ColumnId]) -> String {
    let Some(key) = identity(target, given) else { return " on conflict do nothing".to_owned() };
    let others: Vec<ColumnId> = given.iter().copied().filter(|column| !key.contains(column)).collect();
    let names: Vec<String> = target.column_names(&others).into_iter().map(quote::ident).collect();
    let key = quote::idents(target.column_names(&key));
    if names.is_empty() {
        return format!(" on conflict ({key}) do nothing");
    }
    let sets: Vec<String> = names.iter().map(|name| format!("{name} = coalesce(t.{name}, excluded.{name})")).collect();
    let fills: Vec<String> =
        names.iter().map(|name| format!("t.{name} is null and excluded.{name} is not null")).collect();
    format!(" on conflict ({key}) do update set {} where {}", sets.join(", "), fills.join(" or "))
}

/// The columns that tell whether a row was copied before: the primary key where the copy gives it, else the first unique
/// constraint that it gives.
fn identity(target: &Table, given: &[ColumnId]) -> Option<Vec<ColumnId>> {
    let is_given = |columns: &&[ColumnId]| columns.iter().all(|column| given.contains(column));
    let whole = |kind: &crate::catalog::ConstraintKind| {
        !matches!(kind, crate::catalog::ConstraintKind::Index { filter: Some(_), .. })
    };
    let unique = target
        .constraints()
        .filter(|constraint| whole(&constraint.kind))
        .filter_map(|constraint| constraint.kind.unique_columns());
    let key = target.primary_key().filter(is_given);
    key.or_else(|| unique.into_iter().find(|columns| is_given(columns))).map(<[ColumnId]>::to_vec)
}

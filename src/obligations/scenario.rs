//! A way in which a row comes by its values: which columns are free, which are computed from them, and what is known to
//! hold of them.

use crate::catalog::{Catalog, Column, ColumnId, ConstraintKind, NotNull, Table};
use crate::data::Value;
use crate::expr::Expression;
use crate::plan::Samples;

/// A row at one place of a plan, as far as its values are known.
#[derive(Clone, Copy)]
pub struct Scenario<'a> {
    /// The schema there.
    pub catalog: &'a Catalog,
    /// Rows that are known.
    pub samples: &'a Samples,
    /// The row is being written, so that constraints that bind new writes only bind it as well.
    pub written: bool,
    /// Columns that are computed, in this order: each from free columns, and from those before it.
    pub computed: &'a [Computed<'a>],
    /// A condition that the row of this table makes true.
    pub filter: Option<(&'a str, &'a Expression)>,
    /// A check that is not taken to hold: the one that is asked about.
    pub except: Option<&'a str>,
    /// Columns whose rows may not be what they were at the start: the plan has filled them.
    pub changed: &'a [ColumnId],
    /// A schema to whose checks the row keeps as well, as far as these columns are in them: whoever writes them knows it.
    pub kept: Option<(&'a Catalog, &'a [ColumnId])>,
    /// Conditions that all rows of a table were seen to satisfy, each with its columns.
    pub seen: &'a [(&'a str, &'a Expression, &'a [ColumnId])],
    /// Those of them that no row has as it was.
    pub filled: &'a [ColumnId],
}

/// A column whose value is that of an expression over the row of a table.
#[derive(Clone, Copy, Debug)]
pub struct Computed<'a> {
    /// The column.
    pub column: ColumnId,
    /// The table that the expression reads.
    pub table: &'a str,
    /// The expression.
    pub value: &'a Expression,
}

/// A free column.
#[derive(Clone, Debug)]
pub(super) struct Free<'a> {
    pub(super) table: &'a Table,
    pub(super) column: &'a Column,
    pub(super) nullable: bool,
}

/// Beyond so many free columns no constraint is taken in for the sake of others.
const MOST_FREE: usize = 6;

impl<'a> Scenario<'a> {
    /// The free columns that an expression over a table hangs on; none where one of its columns is not there.
    pub(super) fn free(&self, table: &str, value: &Expression) -> Option<Vec<Free<'a>>> {
        let mut free = Vec::new();
        self.add_free(table, value, &mut free, self.computed.len())?;
        if let Some((filtered, filter)) = self.filter {
            self.add_free(filtered, filter, &mut free, 0)?;
        }
        let mut next = 0;
        while next < free.len() && free.len() < MOST_FREE {
            let known = free[next].clone();
            for check in self.checks_of(known.table) {
                let (_, columns) = check;
                if columns.contains(&known.column.id) && columns.iter().all(|column| self.is_free(*column)) {
                    columns.iter().for_each(|column| self.add_column(known.table, *column, &mut free));
                }
            }
            next += 1;
        }
        Some(free)
    }

    fn add_free(&self, table: &str, value: &Expression, free: &mut Vec<Free<'a>>, known: usize) -> Option<()> {
        let found = self.catalog.table(table)?;
        for name in value.inputs() {
            let column = found.column(name)?;
            match self.computed_among(known, column.id) {
                Some(at) => self.add_free(self.computed[at].table, self.computed[at].value, free, at)?,
                None => self.add_column(found, column.id, free),
            }
        }
        Some(())
    }

    fn add_column(&self, table: &'a Table, column: ColumnId, free: &mut Vec<Free<'a>>) {
        let Some(column) = table.column_by_id(column) else { return };
        if free.iter().all(|known| known.column.id != column.id) {
            free.push(Free { table, column, nullable: self.may_be_null(table, column) });
        }
    }

    /// Whether a row may have a null there.
    fn may_be_null(&self, table: &Table, column: &Column) -> bool {
        let in_key = table.primary_key().is_some_and(|key| key.contains(&column.id));
        let bound = match column.not_null {
            NotNull::No => false,
            NotNull::NewWrites => self.written,
            NotNull::Validated | NotNull::Yes => true,
        };
        !in_key && !bound
    }

    pub(super) fn is_free(&self, column: ColumnId) -> bool {
        self.computed.iter().all(|computed| computed.column != column)
    }

    /// Which of the first so many computed columns this one is.
    pub(super) fn computed_among(&self, known: usize, column: ColumnId) -> Option<usize> {
        self.computed[..known].iter().rposition(|computed| computed.column == column)
    }

    /// The checks that rows of a table satisfy.
    pub(super) fn checks_of(
        &self,
        table: &'a Table,
    ) -> impl Iterator<Item = (&'a Expression, &'a [ColumnId])> + use<'_, 'a> {
        let binding = table.constraints().filter(|check| self.except != Some(&*check.name));
        let binding = binding.filter_map(|check| match &check.kind {
            ConstraintKind::Check { condition, columns, validated } if self.written || *validated => {
                Some((condition, &**columns))
            }
            _ => None,
        });
        let seen = self.seen.iter().filter(|(of, _, _)| *of == &*table.name);
        binding.chain(self.kept_checks_of(table)).chain(seen.map(|(_, condition, columns)| (*condition, *columns)))
    }

    /// The checks of a table as it was before, to which whoever writes their columns keeps.
    fn kept_checks_of(&self, table: &'a Table) -> impl Iterator<Item = (&'a Expression, &'a [ColumnId])> + use<'_, 'a> {
        let kept = self.kept.and_then(|(catalog, written)| Some((catalog.table(&table.name)?, written)));
        let all = kept.into_iter().flat_map(|(was, written)| was.constraints().map(move |check| (check, written)));
        all.filter_map(|(check, written)| match &check.kind {
            ConstraintKind::Check { condition, columns, .. } => {
                let is_there = |column: &ColumnId| table.column_by_id(*column).is_some() && self.is_free(*column);
                let counts = columns.iter().all(is_there) && columns.iter().any(|column| written.contains(column));
                counts.then_some((condition, &**columns))
            }
            _ => None,
        })
    }

    /// The values of what an expression over a table reads, given those of the free columns.
    pub(super) fn inputs(
        &self,
        table: &str,
        value: &Expression,
        free: &[Free<'_>],
        row: &[Value],
    ) -> Option<Vec<Value>> {
        self.inputs_among(self.computed.len(), table, value, free, row)
    }

    fn inputs_among(
        &self,
        known: usize,
        table: &str,
        value: &Expression,
        free: &[Free<'_>],
        row: &[Value],
    ) -> Option<Vec<Value>> {
        let found = self.catalog.table(table)?;
        let input = |name: &crate::ast::Name| {
            let column = found.column(name)?.id;
            if let Some(at) = self.computed_among(known, column) {
                let computed = &self.computed[at];
                let inputs = self.inputs_among(at, computed.table, computed.value, free, row)?;
                return computed.value.tried(&inputs)?.ok();
            }
            free.iter().position(|free| free.column.id == column).map(|at| row[at].clone())
        };
        value.inputs().iter().map(input).collect()
    }

    /// Whether a condition over columns as they are before any is computed is true.
    fn holds(
        &self,
        known: usize,
        table: &str,
        condition: &Expression,
        free: &[Free<'_>],
        row: &[Value],
    ) -> Option<Value> {
        let inputs = self.inputs_among(known, table, condition, free, row)?;
        Some(condition.tried(&inputs)?.unwrap_or(Value::Boolean(false)))
    }

    /// Whether rows may have these values.
    pub(super) fn admits(&self, free: &[Free<'_>], row: &[Value]) -> bool {
        let is_met = |(table, filter)| self.holds(0, table, filter, free, row) == Some(Value::Boolean(true));
        let all = self.computed.len();
        self.filter.is_none_or(is_met)
            && free.iter().all(|known| {
                let own = self.catalog.table(&known.table.name);
                own.into_iter().flat_map(|table| self.checks_of(table)).all(|(condition, columns)| {
                    !columns.contains(&known.column.id)
                        || self.holds(all, &known.table.name, condition, free, row) != Some(Value::Boolean(false))
                })
            })
    }
}

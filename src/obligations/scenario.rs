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
    /// Columns that are computed.
    pub computed: &'a [Computed<'a>],
    /// A condition that the row of this table makes true.
    pub filter: Option<(&'a str, &'a Expression)>,
    /// A check that is not taken to hold: the one that is asked about.
    pub except: Option<&'a str>,
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
        self.add_free(table, value, &mut free, 0)?;
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

    fn add_free(&self, table: &str, value: &Expression, free: &mut Vec<Free<'a>>, depth: usize) -> Option<()> {
        let found = self.catalog.table(table)?;
        for name in value.inputs() {
            let column = found.column(name)?;
            match self.computed(column.id).filter(|_| depth < MOST_FREE) {
                Some(computed) => self.add_free(computed.table, computed.value, free, depth + 1)?,
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

    fn is_free(&self, column: ColumnId) -> bool {
        self.computed(column).is_none()
    }

    pub(super) fn computed(&self, column: ColumnId) -> Option<&'a Computed<'a>> {
        self.computed.iter().find(|computed| computed.column == column)
    }

    /// The checks that rows of a table satisfy.
    pub(super) fn checks_of(
        &self,
        table: &'a Table,
    ) -> impl Iterator<Item = (&'a Expression, &'a [ColumnId])> + use<'_, 'a> {
        let binding = table.constraints().filter(|check| self.except != Some(&*check.name));
        binding.filter_map(|check| match &check.kind {
            ConstraintKind::Check { condition, columns, validated } if self.written || *validated => {
                Some((condition, &**columns))
            }
            _ => None,
        })
    }

    /// The value of an expression over a table, given those of the free columns; none where one of its columns has none.
    pub(super) fn eval(&self, table: &str, value: &Expression, free: &[Free<'_>], row: &[Value]) -> Evaluated {
        let found = self.catalog.table(table).ok_or(Broken::Before)?;
        let mut inputs = Vec::with_capacity(value.inputs().len());
        for name in value.inputs() {
            let column = found.column(name).ok_or(Broken::Before)?;
            let known = match self.computed(column.id) {
                Some(computed) => self.eval(computed.table, computed.value, free, row).map_err(|_| Broken::Before)?,
                None => {
                    let at = free.iter().position(|free| free.column.id == column.id).ok_or(Broken::Before)?;
                    row[at].clone()
                }
            };
            inputs.push(known);
        }
        value.eval(&inputs, 0).map_err(|error| Broken::Here(error.message))
    }

    /// Whether rows may have these values.
    pub(super) fn admits(&self, free: &[Free<'_>], row: &[Value]) -> bool {
        let holds = |table: &str, condition: &Expression| self.eval(table, condition, free, row);
        let is_met = self.filter.is_none_or(|(table, filter)| holds(table, filter) == Ok(Value::Boolean(true)));
        is_met
            && free.iter().all(|known| {
                let own = self.catalog.table(&known.table.name);
                own.into_iter().flat_map(|table| self.checks_of(table)).all(|(condition, columns)| {
                    !columns.contains(&known.column.id)
                        || !matches!(
                            holds(&known.table.name, condition),
                            Ok(Value::Boolean(false)) | Err(Broken::Here(_))
                        )
                })
            })
    }
}

/// The value of an expression.
pub(super) type Evaluated = Result<Value, Broken>;

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// It fails, and with what message.
    Here(String),
    /// What it reads has none.
    Before,
}

//! The type of a column that is added without one: that of what fills it, `text` where nothing tells.

use crate::ast::{ColumnConstraint, ColumnDef, ColumnRef, Expr, ExprKind, Name};
use crate::data::Type;
use crate::diagnostic::Diagnostic;
use crate::expr::{Expression, NoColumns, Scope};
use crate::plan::column_type::ColumnType;
use crate::plan::lifespans::Filler;
use crate::plan::names::TableScope;
use crate::plan::planner::Planner;

/// How many columns without a type may take theirs from one another.
const LONGEST_CHAIN: usize = 8;

impl Planner<'_> {
    /// The type of a new column.
    pub(super) fn type_of_new_column(&mut self, table: &Name, def: &ColumnDef) -> ColumnType {
        if let Some(ty) = &def.ty {
            return ColumnType::written(ty);
        }
        self.lifespans();
        let told = self.type_of_reference(def).or_else(|| self.type_of_fill(table, &def.name.name, LONGEST_CHAIN));
        told.or_else(|| type_of_default(def).map(ColumnType::known)).unwrap_or(ColumnType::known(Type::Text))
    }

    fn type_of_reference(&self, def: &ColumnDef) -> Option<ColumnType> {
        def.constraints.iter().find_map(|(constraint, _)| {
            let ColumnConstraint::References(to) = constraint else { return None };
            let table = self.catalog.table(&to.0.name)?;
            let column = match &to.1 {
                Some(column) => table.column(&column.name),
                None => table.primary_key().and_then(|key| table.column_by_id(*key.first()?)),
            };
            column.map(ColumnType::of)
        })
    }

    /// The type of the first expression of the script that fills a column.
    fn type_of_fill(&self, table: &Name, column: &Name, chain: usize) -> Option<ColumnType> {
        let chain = chain.checked_sub(1)?;
        let ty = match self.lifespans.as_ref()?.filled(table, column)? {
            Filler::Value { table: from, value } => self.type_of_expr(from.as_ref().unwrap_or(table), value, chain),
            Filler::Column(other) => self.type_of_column(table, other, chain),
        };
        ty.filter(ColumnType::tells)
    }

    fn type_of_expr(&self, table: &Name, value: &Expr, chain: usize) -> Option<ColumnType> {
        if let ExprKind::Column(column) = &value.kind {
            return self.type_of_column(table, column, chain);
        }
        let scope = FutureScope { planner: self, table, chain };
        Expression::resolve(value, &scope, None).ok().map(|expression| ColumnType::known(expression.ty()))
    }

    fn type_of_column(&self, table: &Name, column: &ColumnRef, chain: usize) -> Option<ColumnType> {
        let table = column.table.as_ref().map_or(table, |named| &named.name);
        let there = self.catalog.column(table, &column.column.name).map(ColumnType::of);
        there
            .or_else(|| self.lifespans.as_ref()?.type_of_added(table, &column.column.name))
            .or_else(|| self.type_of_fill(table, &column.column.name, chain))
    }
}

fn type_of_default(def: &ColumnDef) -> Option<Type> {
    let default = def.constraints.iter().find_map(|(constraint, _)| match constraint {
        ColumnConstraint::Default(value) => Some(value),
        _ => None,
    })?;
    let ty = Expression::resolve(default, &NoColumns, None).ok()?.ty();
    (!matches!(ty, Type::Unknown | Type::Interval)).then_some(ty)
}

/// Columns as they are, and those that the plan adds later.
struct FutureScope<'a, 's> {
    planner: &'a Planner<'s>,
    table: &'a Name,
    chain: usize,
}

impl Scope for FutureScope<'_, '_> {
    fn column(&self, column: &ColumnRef) -> Result<(Name, Type), Box<Diagnostic>> {
        match self.planner.type_of_column(self.table, column, self.chain) {
            Some(of) => Ok((column.column.name.clone(), of.ty)),
            None => TableScope { catalog: &self.planner.catalog, table: self.table }.column(column),
        }
    }
}

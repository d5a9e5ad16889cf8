//! The type of a column that is added without one: that of what fills it, `text` where nothing tells.

use crate::ast::{ColumnConstraint, ColumnDef, ColumnRef, Expr, ExprKind, Name, StatementKind, SyncKind};
use crate::data::Type;
use crate::diagnostic::Diagnostic;
use crate::expr::{Expression, NoColumns, Scope};
use crate::plan::names::TableScope;
use crate::plan::planner::Planner;

/// How many columns without a type may take theirs from one another.
const LONGEST_CHAIN: usize = 8;

impl Planner<'_> {
    /// The type of a new column.
    pub(super) fn type_of_new_column(&mut self, table: &Name, def: &ColumnDef) -> Type {
        if let Some(ty) = &def.ty {
            return ty.ty;
        }
        self.history();
        let told = self.type_of_reference(def).or_else(|| self.type_of_fill(table, &def.name.name, LONGEST_CHAIN));
        told.or_else(|| type_of_default(def)).unwrap_or(Type::Text)
    }

    fn type_of_reference(&self, def: &ColumnDef) -> Option<Type> {
        def.constraints.iter().find_map(|(constraint, _)| {
            let ColumnConstraint::References(to) = constraint else { return None };
            let table = self.catalog.table(&to.0.name)?;
            let column = match &to.1 {
                Some(column) => table.column(&column.name),
                None => table.primary_key().and_then(|key| table.column_by_id(*key.first()?)),
            };
            column.map(|column| column.ty)
        })
    }

    /// The type of the first expression of the script that fills a column.
    fn type_of_fill(&self, table: &Name, column: &Name, chain: usize) -> Option<Type> {
        let chain = chain.checked_sub(1)?;
        let target = |reference: &ColumnRef| {
            let of = reference.table.as_ref().map(|table| &table.name).or(self.default_table.as_ref());
            of == Some(table) && reference.column.name == *column
        };
        let filler = self.history.as_ref()?.filled(table, column)?;
        let ty = match &self.script.statements[filler].kind {
            StatementKind::Backfill(fill) | StatementKind::Seed(fill) => self.type_of_expr(table, &fill.value, chain),
            StatementKind::Sync(sync) => match &sync.kind {
                SyncKind::From(value) => self.type_of_expr(table, value, chain),
                SyncKind::Both(other) if target(&sync.target) => self.type_of_column(table, other, chain),
                SyncKind::Both(_) => self.type_of_column(table, &sync.target, chain),
            },
            StatementKind::Copy(copy) => {
                let value = copy.columns.iter().find(|(name, _)| name.name == *column);
                value.and_then(|(_, value)| self.type_of_expr(&copy.from.name, value, chain))
            }
            _ => None,
        };
        ty.filter(|ty| !matches!(ty, Type::Unknown | Type::Interval))
    }

    fn type_of_expr(&self, table: &Name, value: &Expr, chain: usize) -> Option<Type> {
        if let ExprKind::Column(column) = &value.kind {
            return self.type_of_column(table, column, chain);
        }
        let scope = FutureScope { planner: self, table, chain };
        Expression::resolve(value, &scope, None).ok().map(|expression| expression.ty())
    }

    fn type_of_column(&self, table: &Name, column: &ColumnRef, chain: usize) -> Option<Type> {
        let table = column.table.as_ref().map_or(table, |named| &named.name);
        let there = self.catalog.column(table, &column.column.name).map(|column| column.ty);
        there
            .or_else(|| self.type_of_added(table, &column.column.name))
            .or_else(|| self.type_of_fill(table, &column.column.name, chain))
    }

    /// The type that a later `add column` writes.
    fn type_of_added(&self, table: &Name, column: &Name) -> Option<Type> {
        let index = self.history.as_ref()?.added(table, column)?;
        match &self.script.statements[index].kind {
            StatementKind::AddColumn(parts) => parts.1.ty.as_ref().map(|ty| ty.ty),
            _ => None,
        }
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
            Some(ty) => Ok((column.column.name.clone(), ty)),
            None => TableScope { catalog: &self.planner.catalog, table: self.table }.column(column),
        }
    }
}

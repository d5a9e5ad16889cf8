//! `not null`, always by way of a check: PostgreSQL believes a validated one and does not scan under its strongest lock.
//! See <https://www.postgresql.org/docs/current/sql-altertable.html>, `SET NOT NULL`.

use crate::ast::Name;
use crate::catalog::{Column, ColumnId, NotNull};
use crate::engine::Fault;
use crate::engine::postgres::translate::Scene;
use crate::engine::postgres::{LockMode, Operation, Work, quote};

/// The check that stands for `not null` while old rows may still be null.
pub(super) fn check_name(table: &str, column: &str) -> String {
    quote::made_name(&format!("{table}_{column}_not_null"))
}

impl Scene<'_> {
    fn change(&self, table: &str, column: &Column, change: &str) -> String {
        self.alter(table, &format!("alter column {} {change}", quote::ident(&column.name)))
    }

    fn add_check(&self, table: &str, column: &Column) -> String {
        let name = quote::ident(&check_name(table, &column.name));
        let column = quote::ident(&column.name);
        self.alter(table, &format!("add constraint {name} check ({column} is not null) not valid"))
    }

    fn drop_check(&self, table: &str, column: &Column) -> String {
        let name = quote::ident(&check_name(table, &column.name));
        self.alter(table, &format!("drop constraint if exists {name}"))
    }

    fn validate_check(&self, table: &str, column: &Column) -> String {
        self.alter(table, &format!("validate constraint {}", quote::ident(&check_name(table, &column.name))))
    }

    pub(super) fn add_not_null(&self, table: &Name, column: ColumnId) -> Result<Vec<Operation>, Fault> {
        let column = self.column(table, column)?;
        if column.not_null != NotNull::No {
            return Ok(vec![Operation::nothing("it is already not null")]);
        }
        Ok(self.check_for_new_writes(table, column))
    }

    pub(super) fn validate_not_null(&self, table: &Name, column: ColumnId) -> Result<Vec<Operation>, Fault> {
        let column = self.column(table, column)?;
        if column.not_null == NotNull::Yes {
            return Ok(vec![Operation::nothing("it is already not null")]);
        }
        let mut all = self.check_for_new_writes(table, column);
        all.push(self.validation(table, &check_name(table, &column.name)));
        Ok(all)
    }

    /// The check, where there is none yet.
    fn check_for_new_writes(&self, table: &str, column: &Column) -> Vec<Operation> {
        if column.not_null != NotNull::No {
            return Vec::new();
        }
        let undo = vec![Work::Ddl(vec![self.drop_check(table, column)])];
        let add = vec![self.add_check(table, column)];
        vec![self.ddl("add a check for new writes", table, LockMode::AccessExclusive, add, undo)]
    }

    pub(super) fn set_not_null(&self, table: &Name, column: ColumnId) -> Result<Vec<Operation>, Fault> {
        let column = self.column(table, column)?;
        if column.not_null == NotNull::Yes {
            return Ok(vec![Operation::nothing("it is already not null")]);
        }
        let mut all = self.check_for_new_writes(table, column);
        if column.not_null != NotNull::Validated {
            all.push(self.validation(table, &check_name(table, &column.name)));
        }
        let set = vec![self.change(table, column, "set not null"), self.drop_check(table, column)];
        // The check comes back for what stood before it to take away.
        let back = vec![self.change(table, column, "drop not null"), self.add_check(table, column)];
        let undo = vec![Work::Ddl(back)];
        all.push(self.ddl("set not null, which the check has proved", table, LockMode::AccessExclusive, set, undo));
        Ok(all)
    }

    pub(super) fn drop_not_null(&self, table: &Name, column: ColumnId) -> Result<Vec<Operation>, Fault> {
        let column = self.column(table, column)?;
        let mut drop = Vec::new();
        if column.not_null == NotNull::Yes {
            drop.push(self.change(table, column, "drop not null"));
        }
        drop.push(self.drop_check(table, column));
        let undo = self.restore_not_null(table, column);
        Ok(vec![self.ddl("drop not null", table, LockMode::AccessExclusive, drop, undo)])
    }

    /// What makes a column as much `not null` as it is now.
    pub(super) fn restore_not_null(&self, table: &str, column: &Column) -> Vec<Work> {
        let mut works = Vec::new();
        if column.not_null != NotNull::No {
            works.push(Work::Ddl(vec![self.add_check(table, column)]));
        }
        let scan = self.validate_check(table, column);
        match column.not_null {
            NotNull::Yes => {
                let then = vec![self.change(table, column, "set not null"), self.drop_check(table, column)];
                works.push(Work::ScanIfItHolds { scan, then });
            }
            NotNull::Validated => works.push(Work::ScanIfItHolds { scan, then: Vec::new() }),
            NotNull::NewWrites | NotNull::No => {}
        }
        works
    }
}

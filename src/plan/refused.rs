//! Changes in place: understood, and answered with the plan that does the same without downtime.

use crate::ast::{ColumnRef, Ident, TypeName};
use crate::catalog::Column;
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::column_type::ColumnType;
use crate::plan::planner::{Planner, Resolved};
use crate::source::Span;
use crate::syntax::quote_ident;

impl Planner<'_> {
    /// `rename column a to b`.
    pub(super) fn refuse_rename_column(&mut self, from: &ColumnRef, to: &Ident, span: Span) -> Resolved<()> {
        let (table, column) = self.column(from)?;
        let (old, new) = (quote_ident(&column.name), quote_ident(&to.name));
        let ty = type_text(&column);
        let message = format!("renaming column `{}` in place breaks every live application that uses it", column.name);
        let help = format!(
            "add the new name beside the old one, and drop the old one when nobody uses it:\n\
             expand   add column {new}{ty}\n\
             expand   sync {old} <-> {new}\n\
             migrate  backfill {new} from {old} in batches of 1000\n\
             # deploy the version that uses {new}, retire the one that uses {old}, then\n\
             contract drop column {old}"
        );
        self.rename(&table, &column, to);
        Err(Box::new(
            Diagnostic::new(Code::BigBang, message, span, "both names never exist at the same time").help(help),
        ))
    }

    /// `rename table a to b`.
    pub(super) fn refuse_rename_table(&mut self, from: &Ident, to: &Ident, span: Span) -> Resolved<()> {
        let table = self.table(from)?;
        let message = format!("renaming table `{table}` in place breaks every live application that uses it");
        let (old, new) = (quote_ident(&from.name), quote_ident(&to.name));
        let help = format!(
            "add the new table beside the old one, and copy:\n\
             expand   add table {new} {{ … }}\n\
             expand   sync {new}.c <-> {old}.c   # for each column\n\
             migrate  copy {old} to {new} (c from c, …)\n\
             contract drop table {old}\n\
             `miglab new rename-table {old} {new}` writes the whole"
        );
        Err(Box::new(
            Diagnostic::new(Code::BigBang, message, span, "both names never exist at the same time").help(help),
        ))
    }

    /// `alter column c type t`.
    pub(super) fn refuse_alter_type(&mut self, column: &ColumnRef, ty: &TypeName, span: Span) -> Resolved<()> {
        let (_, column) = self.column(column)?;
        let old = quote_ident(&column.name);
        let new = quote_ident(&format!("{}_new", column.name)).into_owned();
        let new_type = ColumnType::written(ty);
        let message =
            format!("changing the type of `{}` in place rewrites the table while everybody waits", column.name);
        let help = format!(
            "add a column of the new type beside the old one:\n\
             expand   add column {new} {new_type}\n\
             expand   sync {new} from {old}::{new_type}\n\
             migrate  backfill {new} from {old}::{new_type} in batches of 1000\n\
             # deploy the version that uses {new}, retire the one that uses {old}, then\n\
             contract drop column {old}"
        );
        Err(Box::new(Diagnostic::new(Code::BigBang, message, span, "not one change, but three phases").help(help)))
    }

    /// Goes on under the new name, so that the statements after it are not all wrong as well.
    fn rename(&mut self, table: &str, column: &Column, to: &Ident) {
        if let Some(table) = self.catalog.table_mut(table).filter(|table| table.column(&to.name).is_none()) {
            table.remove_column(column.id);
            table.add_column(Column { name: to.name.clone(), ..column.clone() });
        }
    }
}

fn type_text(column: &Column) -> String {
    let of = ColumnType::of(column);
    if of.is_unknown() { String::new() } else { format!(" {of}") }
}

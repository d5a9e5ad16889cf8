//! `ALTER TABLE`, and constraints wherever they stand.

use super::beside::Reference;
use super::cursor::{Cursor, columns_in, text_of};
use super::tokens::Token;
use super::{Qualified, Reading};
use crate::engine::postgres::default_mark::unmarked;
use crate::engine::postgres::relation::{RelationConstraint, RelationConstraintKind};

/// Actions that change nothing that a plan is concerned with.
const IRRELEVANT: &[&str] = &[
    "cluster on",
    "set",
    "reset",
    "replica identity",
    "enable trigger",
    "disable trigger",
    "enable always trigger",
    "enable replica trigger",
    "enable rule",
    "disable rule",
    "validate constraint",
    "disable row level security",
    "no force row level security",
];

impl Reading {
    pub(super) fn alter_table(&mut self, mut cursor: Cursor<'_, '_>) -> Option<()> {
        cursor.words("if exists");
        cursor.words("only");
        let name = self.table_name(&mut cursor)?;
        if !self.tables.contains_key(&name) {
            // A view, a sequence, or a table of an extension.
            self.about = None;
            return None;
        }
        let parts = Cursor::parts(cursor.rest);
        let understood = parts.into_iter().filter_map(|part| self.action(&name, Cursor::of(part))).count();
        (understood == Cursor::parts(cursor.rest).len()).then_some(())
    }

    fn action(&mut self, table: &Qualified, mut cursor: Cursor<'_, '_>) -> Option<()> {
        if cursor.words("add") && !cursor.at_word("column") {
            return self.constraint(table, cursor);
        }
        if cursor.words("alter column") || cursor.words("alter") {
            return self.alter_column(table, cursor);
        }
        if cursor.words("attach partition") {
            let (schema, name) = cursor.qualified()?;
            let child = (schema.unwrap_or_else(|| self.schema.clone()), name);
            self.attached.entry(table.clone()).or_default().push(child);
            return Some(());
        }
        let relation = self.tables.get_mut(table)?;
        if cursor.words("owner to") {
            relation.owner = cursor.name()?;
        } else if cursor.words("enable row level security") {
            relation.row_security = true;
        } else if cursor.words("force row level security") {
            relation.forces_row_security = true;
        } else if !IRRELEVANT.iter().any(|words| cursor.words(words)) {
            return None;
        }
        Some(())
    }

    fn alter_column(&mut self, table: &Qualified, mut cursor: Cursor<'_, '_>) -> Option<()> {
        let name = cursor.name()?;
        let relation = self.tables.get_mut(table)?;
        let column = relation.columns.iter_mut().find(|column| column.name == name)?;
        if cursor.words("add generated") {
            (column.identity, column.identity_always) = (true, cursor.at_word("always"));
        } else if cursor.words("set default") {
            column.default = unmarked(text_of(cursor.rest, &self.schema));
        } else if cursor.words("drop default") {
            column.default = None;
        } else if cursor.words("set not null") {
            column.not_null = true;
        } else if !cursor.words("set") && !cursor.words("reset") {
            return None;
        }
        Some(())
    }

    /// `[CONSTRAINT name] CHECK (…) …`
    pub(super) fn constraint(&mut self, table: &Qualified, mut cursor: Cursor<'_, '_>) -> Option<()> {
        let name = if cursor.words("constraint") { Some(cursor.name()?) } else { None };
        let all = cursor.rest;
        let definition = text_of(all, &self.schema);
        let validated = !ends_with(all, &["not", "valid"]);
        let (kind, columns) = self.constraint_kind(table, &mut cursor)?;
        let name = name.unwrap_or_else(|| usual_name(&table.1, &kind, &columns));
        if let RelationConstraintKind::ForeignKey { schema, table: to, columns } = &kind {
            let (to, columns) = ((schema.clone(), to.clone()), columns.clone());
            self.references.push(Reference { from: table.clone(), name: name.clone(), to, columns });
        }
        self.constraint_index(table, &name, &kind, all);
        let relation = self.tables.get_mut(table)?;
        if kind == RelationConstraintKind::PrimaryKey {
            let in_key = |name: &String| columns.contains(name);
            relation.columns.iter_mut().filter(|column| in_key(&column.name)).for_each(|column| column.not_null = true);
        }
        relation.constraints.push(RelationConstraint { name, kind, columns, definition, validated });
        Some(())
    }

    fn constraint_kind(
        &self,
        table: &Qualified,
        cursor: &mut Cursor<'_, '_>,
    ) -> Option<(RelationConstraintKind, Vec<String>)> {
        let relation = self.tables.get(table)?;
        let is_column = |name: &str| relation.column(name).is_some();
        if cursor.words("primary key") {
            return Some((RelationConstraintKind::PrimaryKey, Cursor::names(cursor.group()?)));
        }
        if cursor.words("unique") {
            let _ = cursor.words("nulls not distinct") || cursor.words("nulls distinct");
            return Some((RelationConstraintKind::Unique, Cursor::names(cursor.group()?)));
        }
        if cursor.words("check") {
            let inside = cursor.group()?;
            let kind = RelationConstraintKind::Check(text_of(inside, &self.schema));
            return Some((kind, columns_in(inside, is_column)));
        }
        if cursor.words("exclude") {
            let group = cursor.rest.iter().position(|token| token.is_symbol("("))?;
            let elements = Cursor::parts(Cursor::of(&cursor.rest[group..]).group()?);
            let columns = elements.iter().filter_map(|part| part.first()?.name()).filter(|name| is_column(name));
            return Some((RelationConstraintKind::Other, columns.collect()));
        }
        cursor.words("foreign key").then_some(())?;
        let columns = Cursor::names(cursor.group()?);
        cursor.words("references").then_some(())?;
        let (schema, to) = cursor.qualified()?;
        let schema = schema.unwrap_or_else(|| self.schema.clone());
        let referred = Cursor::names(cursor.group()?);
        Some((RelationConstraintKind::ForeignKey { schema, table: to, columns: referred }, columns))
    }
}

fn ends_with(tokens: &[Token<'_>], words: &[&str]) -> bool {
    tokens.len() >= words.len()
        && tokens[tokens.len() - words.len()..].iter().zip(words).all(|(token, word)| token.is_word(word))
}

/// The name that PostgreSQL gives to a constraint without one.
fn usual_name(table: &str, kind: &RelationConstraintKind, columns: &[String]) -> String {
    let ending = match kind {
        RelationConstraintKind::PrimaryKey => return format!("{table}_pkey"),
        RelationConstraintKind::Unique => "key",
        RelationConstraintKind::Check(_) => "check",
        RelationConstraintKind::ForeignKey { .. } => "fkey",
        RelationConstraintKind::Other => "excl",
    };
    format!("{table}_{}_{ending}", columns.join("_"))
}

//! What stands beside tables and depends on their columns: views, triggers, policies, publications, foreign keys.

use super::cursor::{Cursor, columns_in};
use super::table::plain;
use super::tokens::{Kind, Token};
use super::{Qualified, Reading};
use crate::engine::postgres::Relation;
use crate::engine::postgres::relation::{Dependent, DependentKind};

/// A view, until all tables are known.
#[derive(Debug)]
pub(super) struct View {
    kind: DependentKind,
    /// Its tokens, each with whether it is a name; strings and numbers are left out.
    words: Vec<Word>,
}

/// A name or a sign in the body of a view.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Word {
    Name(String),
    Sign(char),
}

/// A foreign key.
#[derive(Debug)]
pub(super) struct Reference {
    pub(super) from: Qualified,
    pub(super) name: String,
    pub(super) to: Qualified,
    pub(super) columns: Vec<String>,
}

impl Reading {
    pub(super) fn create_view(&mut self, kind: DependentKind, mut cursor: Cursor<'_, '_>) -> Option<()> {
        cursor.words("if not exists");
        let (schema, name) = cursor.qualified()?;
        let name = self.shown(&(schema.unwrap_or_else(|| self.schema.clone()), name));
        self.views.insert(name, View { kind, words: words(cursor.rest) });
        Some(())
    }

    pub(super) fn create_trigger(&mut self, mut cursor: Cursor<'_, '_>) -> Option<()> {
        let name = cursor.name()?;
        let events = cursor.until(|token| token.is_word("on"));
        cursor.words("on").then_some(())?;
        let table = self.table_name(&mut cursor)?;
        let (when, _) = split_at(cursor.rest, "execute");
        let called = cursor.rest.iter().skip_while(|token| !token.is_word("execute")).nth(2)?;
        let relation = self.tables.get(&table)?;
        let is_column = |name: &str| relation.column(name).is_some();
        let mut columns: Vec<String> = split_at(events, "of").1.iter().filter_map(Token::name).collect();
        let of_rows = when.windows(3).filter(|words| words[1].is_symbol("."));
        columns.extend(of_rows.filter_map(|words| words[2].name()));
        columns.retain(|name| is_column(name));
        self.depend(&table, DependentKind::Trigger, &name, columns, called.name().as_deref() == Some("miglab"))
    }

    pub(super) fn create_policy(&mut self, mut cursor: Cursor<'_, '_>) -> Option<()> {
        let name = cursor.name()?;
        cursor.words("on").then_some(())?;
        let table = self.table_name(&mut cursor)?;
        let relation = self.tables.get(&table)?;
        let conditions =
            cursor.rest.iter().position(|token| token.is_symbol("(")).map_or(&[][..], |at| &cursor.rest[at..]);
        let columns = columns_in(conditions, |name| relation.column(name).is_some());
        self.depend(&table, DependentKind::Policy, &name, columns, false)
    }

    pub(super) fn alter_publication(&mut self, mut cursor: Cursor<'_, '_>) -> Option<()> {
        let publication = cursor.name()?;
        if !cursor.words("add table") {
            return Some(());
        }
        cursor.words("only");
        let table = self.table_name(&mut cursor)?;
        let relation = self.tables.get_mut(&table)?;
        if let Some(columns) = cursor.group() {
            let (kind, name) = (DependentKind::Publication, plain(&publication));
            relation.dependents.push(Dependent { kind, name, columns: Cursor::names(columns) });
        }
        Some(())
    }

    /// Notes what belongs to a table and names columns of it.
    fn depend(
        &mut self,
        table: &Qualified,
        kind: DependentKind,
        name: &str,
        columns: Vec<String>,
        own: bool,
    ) -> Option<()> {
        if own || columns.is_empty() {
            return Some(());
        }
        let name = format!("{}.{}", self.shown(table), plain(name));
        let mut columns = columns;
        columns.sort();
        columns.dedup();
        self.tables.get_mut(table)?.dependents.push(Dependent { kind, name, columns });
        Some(())
    }

    /// A name as messages have it: with its schema where names are not looked for there.
    fn shown(&self, (schema, name): &Qualified) -> String {
        if *schema == self.schema { plain(name) } else { format!("{}.{}", plain(schema), plain(name)) }
    }

    pub(super) fn tell_dependents(&mut self) {
        for Reference { from, name, to, columns } in std::mem::take(&mut self.references) {
            let name = format!("{}.{}", self.shown(&from), plain(&name));
            if let Some(relation) = self.tables.get_mut(&to).filter(|_| from != to) {
                relation.dependents.push(Dependent { kind: DependentKind::ForeignKey, name, columns });
            }
        }
        for (name, view) in std::mem::take(&mut self.views) {
            for (qualified, relation) in &mut self.tables {
                if let Some(columns) = view.reads(qualified, relation, &self.schema) {
                    relation.dependents.push(Dependent { kind: view.kind, name: name.clone(), columns });
                }
            }
        }
    }
}

/// What stands before a word, and after it; nothing where it is not there.
fn split_at<'t, 'a>(tokens: &'t [Token<'a>], word: &str) -> (&'t [Token<'a>], &'t [Token<'a>]) {
    match tokens.iter().position(|token| token.is_word(word)) {
        Some(at) => (&tokens[..at], &tokens[at + 1..]),
        None => (tokens, &[]),
    }
}

fn words(tokens: &[Token<'_>]) -> Vec<Word> {
    let word = |token: &Token<'_>| match token.kind {
        Kind::Word | Kind::Quoted => token.name().map(Word::Name),
        Kind::Symbol => token.text.chars().next().map(Word::Sign),
        Kind::Text | Kind::Number => Some(Word::Sign('\'')),
    };
    tokens.iter().filter_map(word).collect()
}

impl View {
    /// The columns that it reads of a table; none where it does not read the table.
    fn reads(&self, (schema, table): &Qualified, relation: &Relation, default: &str) -> Option<Vec<String>> {
        let names = self.names_of(schema, table, default);
        if names.is_empty() {
            return None;
        }
        let mut found: Vec<String> = Vec::new();
        for (at, word) in self.words.iter().enumerate() {
            let Word::Name(name) = word else { continue };
            if relation.column(name).is_some() && self.is_column_at(at, &names) && !found.contains(name) {
                found.push(name.clone());
            }
        }
        found.sort();
        Some(found)
    }

    /// The names under which it knows a table: its own, and aliases.
    fn names_of(&self, schema: &str, table: &str, default: &str) -> Vec<String> {
        let mut names = Vec::new();
        for (at, word) in self.words.iter().enumerate() {
            if *word != Word::Name(table.to_owned()) || !self.is_table_at(at, schema, default) {
                continue;
            }
            let alias = match self.words.get(at + 1) {
                Some(Word::Name(word)) if word == "as" => self.words.get(at + 2),
                other => other,
            };
            names.push(match alias {
                Some(Word::Name(alias)) if !FOLLOWING.contains(&alias.as_str()) => alias.clone(),
                _ => table.to_owned(),
            });
        }
        names
    }

    /// Whether the name there is that of a table of this schema, in a `from` or a `join`.
    fn is_table_at(&self, at: usize, schema: &str, default: &str) -> bool {
        let before = |by: usize| at.checked_sub(by).and_then(|at| self.words.get(at));
        if before(1) == Some(&Word::Sign('.')) {
            return before(2) == Some(&Word::Name(schema.to_owned()));
        }
        let follows = match before(1) {
            Some(Word::Name(word)) => word == "from" || word == "join",
            Some(Word::Sign(sign)) => *sign == '(' || *sign == ',',
            None => false,
        };
        schema == default && follows && self.words.get(at + 1) != Some(&Word::Sign('.'))
    }

    fn is_column_at(&self, at: usize, names: &[String]) -> bool {
        let before = |by: usize| at.checked_sub(by).and_then(|at| self.words.get(at));
        if matches!(self.words.get(at + 1), Some(Word::Sign('.' | '('))) {
            return false;
        }
        match (before(2), before(1)) {
            (Some(Word::Name(of)), Some(Word::Sign('.'))) => names.contains(of),
            (_, Some(Word::Name(word))) => word != "as",
            (_, Some(Word::Sign(sign))) => *sign != ':',
            _ => false,
        }
    }
}

/// Words that may follow a table's name and are no alias of it.
const FOLLOWING: &[&str] = &[
    "cross",
    "except",
    "fetch",
    "for",
    "full",
    "group",
    "having",
    "inner",
    "intersect",
    "join",
    "lateral",
    "left",
    "limit",
    "natural",
    "offset",
    "on",
    "order",
    "right",
    "tablesample",
    "union",
    "using",
    "where",
    "window",
    "with",
];

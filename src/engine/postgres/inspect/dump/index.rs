//! Indexes, those of constraints included.

use super::cursor::{Cursor, columns_in, text_of};
use super::table::plain;
use super::tokens::{Kind, Token};
use super::{Qualified, Reading};
use crate::engine::postgres::Relation;
use crate::engine::postgres::relation::{RelationConstraintKind, RelationIndex};

impl Reading {
    /// What follows `CREATE [UNIQUE] INDEX`.
    pub(super) fn create_index(&mut self, mut cursor: Cursor<'_, '_>, unique: bool) -> Option<()> {
        let name = cursor.name()?;
        cursor.words("on").then_some(())?;
        let only = cursor.words("only");
        let table = self.table_name(&mut cursor)?;
        let schema = self.schema.clone();
        let Some(relation) = self.tables.get_mut(&table) else {
            // That of a materialised view.
            self.about = None;
            return None;
        };
        let head = head(&name, relation, unique, only);
        let definition = format!("{head} {}", text_of(cursor.rest, &schema));
        let mut index = read(relation, &mut cursor, &schema)?;
        (index.name, index.definition, index.unique) = (name, definition, unique);
        relation.indexes.push(index);
        Some(())
    }

    /// The index that a constraint has by itself; `definition` is what follows its name.
    pub(super) fn constraint_index(
        &mut self,
        table: &Qualified,
        name: &str,
        kind: &RelationConstraintKind,
        definition: &[Token<'_>],
    ) -> Option<()> {
        let unique = matches!(kind, RelationConstraintKind::PrimaryKey | RelationConstraintKind::Unique);
        if !unique && *kind != RelationConstraintKind::Other {
            return None;
        }
        let schema = self.schema.clone();
        let relation = self.tables.get_mut(table)?;
        let mut cursor = Cursor::of(definition);
        let _ = cursor.words("primary key") || cursor.words("unique") || cursor.words("exclude");
        let method = if cursor.words("using") { cursor.name()? } else { "btree".to_owned() };
        let nulls = if cursor.words("nulls not distinct") { " NULLS NOT DISTINCT" } else { "" };
        let keys = text_of(without_operators(cursor.rest).as_slice(), &schema);
        let head = head(name, relation, unique, relation.partitions.is_some());
        let mut index = read(relation, &mut cursor, &schema)?;
        index.definition = format!("{head} USING {method} {keys}{nulls}");
        index.constraint = Some(name.to_owned());
        (index.name, index.unique) = (name.to_owned(), unique);
        relation.indexes.push(index);
        Some(())
    }
}

fn head(name: &str, relation: &Relation, unique: bool, only: bool) -> String {
    let (unique, only) = (if unique { "UNIQUE " } else { "" }, if only { "ONLY " } else { "" });
    let table = format!("{}.{}", plain(&relation.schema), plain(&relation.name));
    format!("CREATE {unique}INDEX {} ON {only}{table}", plain(name))
}

/// What follows the table: `[USING method] (…) [INCLUDE (…)] … [WHERE (…)]`.
fn read(relation: &Relation, cursor: &mut Cursor<'_, '_>, schema: &str) -> Option<RelationIndex> {
    let is_column = |name: &str| relation.column(name).is_some();
    if cursor.words("using") {
        cursor.next()?;
    }
    let keys = cursor.group()?;
    let columns: Vec<Option<String>> =
        Cursor::parts(keys).into_iter().map(|part| key_column(part, is_column)).collect();
    let mut also_reads = columns_in(keys, is_column);
    if cursor.words("include") {
        also_reads.extend(Cursor::names(cursor.group()?));
    }
    if !cursor.at_word("where") {
        cursor.until(|token| token.is_word("where"));
    }
    let filter = cursor.rest.split_first().filter(|(first, _)| first.is_word("where")).map(|(_, rest)| rest);
    also_reads.extend(filter.into_iter().flat_map(|filter| columns_in(filter, is_column)));
    also_reads.retain(|name| !columns.iter().flatten().any(|column| column == name));
    also_reads.sort();
    also_reads.dedup();
    Some(RelationIndex {
        schema: relation.schema.clone(),
        columns,
        also_reads,
        filter: filter.map(|filter| text_of(filter, schema)),
        valid: true,
        ..RelationIndex::default()
    })
}

/// The column that an element of an index is; none for an expression.
fn key_column(part: &[Token<'_>], is_column: impl Fn(&str) -> bool) -> Option<String> {
    let is_call = part.get(1).is_some_and(|token| token.is_symbol("(") || token.is_symbol("."));
    part.first()?.name().filter(|name| !is_call && is_column(name))
}

/// The elements of an `exclude` without `WITH &&`, and nothing of what defers it.
fn without_operators<'a>(tokens: &[Token<'a>]) -> Vec<Token<'a>> {
    let mut kept: Vec<Token<'a>> = Vec::new();
    let mut skipping = false;
    for token in tokens {
        if ["deferrable", "initially", "not"].iter().any(|word| token.is_word(word)) && depth(&kept) == 0 {
            break;
        }
        if token.is_word("with") && depth(&kept) == 1 {
            skipping = true;
        } else if skipping && (token.is_symbol(",") || token.is_symbol(")")) {
            skipping = false;
        }
        if !skipping {
            kept.push(*token);
        }
    }
    kept
}

fn depth(tokens: &[Token<'_>]) -> usize {
    tokens.iter().filter(|token| token.kind == Kind::Symbol).fold(0, |depth, token| match token.text {
        "(" => depth + 1,
        ")" => depth.saturating_sub(1),
        _ => depth,
    })
}

//! Statements that fill one column in turn, each the rows of a condition, so that none is left out: `where k`, then
//! `where not k`.

use crate::ast::Name;
use crate::catalog::{Catalog, ColumnId};
use crate::expr::Expression;
use crate::obligations::{Judge, Scenario};
use crate::plan::{Action, FillKind, Samples};

/// So many statements in turn are looked at.
const MOST_TURNS: usize = 64;

/// Statements that together treat every row that does not change meanwhile.
#[derive(Clone, Debug)]
pub(super) struct Cover {
    /// The statements, in their order.
    pub(super) steps: Vec<usize>,
    /// The table that they go through.
    pub(super) table: Name,
    /// The tables that they fill.
    pub(super) to: Vec<Name>,
    /// The columns that they fill.
    pub(super) targets: Vec<ColumnId>,
    /// The columns that their conditions read.
    pub(super) read: Vec<ColumnId>,
}

impl Cover {
    /// The other tables among which rows are divided that are copied into one of them.
    pub(super) fn others(&self, table: &str) -> Option<impl Iterator<Item = &Name>> {
        let is_one = self.to.len() > 1 && self.to.iter().any(|to| **to == *table);
        is_one.then(|| self.to.iter().filter(move |to| ***to != *table))
    }
}

/// Statements that fill some of the rows, on the way to a [`Cover`].
#[derive(Debug, Default)]
pub(super) struct Turns(Vec<Turn>);

#[derive(Debug)]
struct Turn {
    cover: Cover,
    filters: Vec<Expression>,
    /// They divide the rows of a table among several.
    divides: bool,
}

/// What a statement fills of the rows that pass a condition.
struct Filled<'a> {
    table: &'a Name,
    to: &'a Name,
    targets: Vec<ColumnId>,
    filter: &'a Expression,
    /// It brings rows into another table.
    copies: bool,
}

impl Turns {
    /// Takes in a statement; the covers that it completes.
    pub(super) fn follow(
        &mut self,
        (index, action): (usize, &Action),
        catalog: &Catalog,
        known: (&Judge, &Samples),
    ) -> Vec<Cover> {
        let Some(filled) = filled(action) else { return Vec::new() };
        let read: Vec<ColumnId> = catalog.inputs(filled.table, filled.filter).collect();
        let is_plain = filled.filter.is_immutable() && read.len() == filled.filter.inputs().len();
        if !is_plain || read.iter().any(|column| filled.targets.contains(column)) {
            return Vec::new();
        }
        let ways = [false, true].into_iter().filter(|divides| filled.copies || !divides);
        let turns: Vec<usize> = ways.map(|divides| self.take(index, &filled, &read, divides)).collect();
        let whole = turns.into_iter().filter(|at| self.0[*at].is_whole(catalog, known)).collect::<Vec<usize>>();
        whole.into_iter().rev().map(|at| self.0.remove(at).cover).collect()
    }

    /// Puts a statement with those like it; says where.
    fn take(&mut self, index: usize, filled: &Filled<'_>, read: &[ColumnId], divides: bool) -> usize {
        let is_like = |turn: &Turn| {
            turn.divides == divides
                && turn.cover.table == *filled.table
                && (divides || turn.cover.targets == filled.targets)
        };
        let at = self.0.iter().position(is_like).unwrap_or_else(|| {
            let (table, targets) = (filled.table.clone(), filled.targets.clone());
            let cover = Cover { steps: Vec::new(), table, to: Vec::new(), targets, read: Vec::new() };
            self.0.push(Turn { cover, filters: Vec::new(), divides });
            self.0.len() - 1
        });
        let Turn { cover, filters, .. } = &mut self.0[at];
        cover.steps.push(index);
        filters.push(filled.filter.clone());
        if !cover.to.contains(filled.to) {
            cover.to.push(filled.to.clone());
        }
        for (all, more) in [(&mut cover.targets, &*filled.targets), (&mut cover.read, read)] {
            all.extend(more);
            all.sort_unstable();
            all.dedup();
        }
        at
    }
}

impl Turn {
    /// Whether each row passes one of the conditions, as the schema is by now.
    fn is_whole(&self, catalog: &Catalog, (judge, samples): (&Judge, &Samples)) -> bool {
        let count = self.filters.len();
        if !(2..=MOST_TURNS).contains(&count) || self.divides && self.cover.to.len() < 2 {
            return false;
        }
        let table = &self.cover.table;
        let read = self.filters.iter().flat_map(|filter| catalog.inputs(table, filter));
        let (mut count, mut is_same) = (0, true);
        for column in read {
            count += 1;
            is_same &= self.cover.read.contains(&column);
        }
        let is_there = count == self.filters.iter().map(|filter| filter.inputs().len()).sum::<usize>();
        let scenario = Scenario {
            catalog,
            samples,
            written: false,
            computed: &[],
            filter: None,
            except: None,
            changed: &[],
            kept: None,
            seen: &[],
            filled: &[],
        };
        let one_is_true = Expression::one_is_true(&self.filters);
        is_there && is_same && judge.always_holds(&scenario, table, &one_is_true)
    }
}

/// What a statement fills for good of the rows that pass a condition.
fn filled(action: &Action) -> Option<Filled<'_>> {
    match action {
        Action::Fill { kind: FillKind::Backfill, table, column, filter: Some(filter), .. } => {
            Some(Filled { table, to: table, targets: vec![*column], filter, copies: false })
        }
        Action::Copy { from, to, columns, filter: Some(filter), .. } => {
            let mut targets: Vec<ColumnId> = columns.iter().map(|(column, _)| *column).collect();
            targets.sort_unstable();
            Some(Filled { table: from, to, targets, filter, copies: true })
        }
        _ => None,
    }
}

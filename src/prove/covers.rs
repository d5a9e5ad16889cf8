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
    /// The columns that they fill.
    pub(super) targets: Vec<ColumnId>,
    /// The columns that their conditions read.
    pub(super) read: Vec<ColumnId>,
}

/// Statements that fill some of the rows, on the way to a [`Cover`].
#[derive(Debug, Default)]
pub(super) struct Turns(Vec<Turn>);

#[derive(Debug)]
struct Turn {
    cover: Cover,
    filters: Vec<Expression>,
}

impl Turns {
    /// Takes in a statement; the cover that it completes, if it does.
    pub(super) fn follow(
        &mut self,
        (index, action): (usize, &Action),
        catalog: &Catalog,
        (judge, samples): (&Judge, &Samples),
    ) -> Option<Cover> {
        let (table, targets, filter) = filled(action)?;
        let read: Vec<ColumnId> = catalog.inputs(table, filter).collect();
        let is_plain = filter.is_immutable() && read.len() == filter.inputs().len();
        if !is_plain || read.iter().any(|column| targets.contains(column)) {
            return None;
        }
        let at = self.0.iter().position(|turn| turn.cover.table == *table && turn.cover.targets == targets);
        let at = at.unwrap_or_else(|| {
            let cover = Cover { steps: Vec::new(), table: table.clone(), targets, read: Vec::new() };
            self.0.push(Turn { cover, filters: Vec::new() });
            self.0.len() - 1
        });
        let turn = &mut self.0[at];
        turn.cover.steps.push(index);
        turn.filters.push(filter.clone());
        turn.cover.read.extend(read);
        turn.cover.read.sort_unstable();
        turn.cover.read.dedup();
        let is_whole = turn.filters.len() <= MOST_TURNS && turn.is_whole(catalog, (judge, samples));
        is_whole.then(|| self.0.remove(at).cover)
    }
}

impl Turn {
    /// Whether each row passes one of the conditions, as the schema is by now.
    fn is_whole(&self, catalog: &Catalog, (judge, samples): (&Judge, &Samples)) -> bool {
        if self.filters.len() < 2 {
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
        let scenario =
            Scenario { catalog, samples, written: false, computed: &[], filter: None, except: None, changed: &[] };
        let one_is_true = Expression::one_is_true(&self.filters);
        is_there && is_same && judge.always_holds(&scenario, table, &one_is_true)
    }
}

/// The rows that a statement fills for good if they pass a condition: whose, in which columns.
fn filled(action: &Action) -> Option<(&Name, Vec<ColumnId>, &Expression)> {
    match action {
        Action::Fill { kind: FillKind::Backfill, table, column, filter: Some(filter), .. } => {
            Some((table, vec![*column], filter))
        }
        Action::Copy { from, columns, filter: Some(filter), .. } => {
            let mut targets: Vec<ColumnId> = columns.iter().map(|(column, _)| *column).collect();
            targets.sort_unstable();
            Some((from, targets, filter))
        }
        _ => None,
    }
}

//! Which rows belong together: a row of each of some tables, where the plan keeps tables in step.

use std::collections::{BTreeMap, BTreeSet};

use miglab::ast::Name;
use miglab::data::Value;
use miglab::engine::memory::Memory;
use miglab::plan::Plan;

/// The rows there are, each with the number of the thing that it is of.
pub struct Places {
    linked: bool,
    things: BTreeMap<(Name, usize), usize>,
    next: usize,
}

impl Places {
    pub fn new(plan: &Plan) -> Self {
        let effects = plan.effects();
        let linked =
            effects.into_iter().any(|(_, effect)| effect.fills.iter().any(|filling| filling.table != filling.from));
        Self { linked, things: BTreeMap::new(), next: 0 }
    }

    /// Whether rows of several tables may be of one thing.
    pub fn are_linked(&self) -> bool {
        self.linked
    }

    /// Looks at the rows that there are now; gives the new ones, with the thing of each.
    pub fn look(&mut self, memory: &Memory) -> Vec<(Name, usize, usize)> {
        let tables: Vec<Name> = memory.catalog().tables().map(|table| table.name.clone()).collect();
        let all = tables.iter().flat_map(|table| numbers(memory, table).into_iter().map(|row| (table.clone(), row)));
        let all: BTreeSet<(Name, usize)> = all.collect();
        self.things.retain(|row, _| all.contains(row));
        let mut new = Vec::new();
        for (table, number) in all {
            if self.things.contains_key(&(table.clone(), number)) {
                continue;
            }
            let thing = self.partner(memory, &table, number).unwrap_or_else(|| {
                self.next += 1;
                self.next
            });
            self.things.insert((table.clone(), number), thing);
            new.push((table, number, thing));
        }
        new
    }

    /// The thing of which a row with the same key in another table is, and none in this table.
    fn partner(&self, memory: &Memory, table: &Name, number: usize) -> Option<usize> {
        if !self.linked {
            return None;
        }
        let own = key(memory, table, number)?.to_string();
        let others = self.things.iter().filter(|((other, _), _)| other != table);
        let same = |(other, row): &(Name, usize)| key(memory, other, *row).is_some_and(|key| key.to_string() == own);
        let mut found = others.filter(|(row, _)| same(row)).map(|(_, thing)| *thing);
        found.find(|thing| self.row(*thing, table).is_none())
    }

    pub fn thing(&self, table: &Name, number: usize) -> usize {
        self.things[&(table.clone(), number)]
    }

    /// Its row in a table.
    pub fn row(&self, thing: usize, table: &Name) -> Option<usize> {
        self.things.iter().find(|((of, _), other)| of == table && **other == thing).map(|((_, number), _)| *number)
    }

    /// Whether there is a row of it in any table.
    pub fn is_there(&self, thing: usize) -> bool {
        self.things.values().any(|other| *other == thing)
    }
}

/// The name of the column that is the key of a table.
pub fn key_name(memory: &Memory, table: &Name) -> Option<Name> {
    let table = memory.catalog().table(table)?;
    let key = *table.primary_key()?.first()?;
    Some(table.column_by_id(key)?.name.clone())
}

pub fn key(memory: &Memory, table: &Name, number: usize) -> Option<Value> {
    memory.value(table, number, &key_name(memory, table)?)
}

/// The numbers of the rows of a table.
pub fn numbers(memory: &Memory, table: &Name) -> Vec<usize> {
    let selected = memory.select(None, table, Some(&[]), None, usize::MAX);
    selected.map_or_else(|_| Vec::new(), |selected| selected.rows.iter().map(|row| row.number).collect())
}
